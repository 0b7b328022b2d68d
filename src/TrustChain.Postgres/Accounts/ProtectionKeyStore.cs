using Npgsql;

namespace TrustChain.Postgres.Accounts;

/// <summary>Keys that protect cookies and forms, as the elements that the framework writes: encrypted.</summary>
public sealed class ProtectionKeyStore(NpgsqlDataSource database, TimeProvider time)
{
    public IReadOnlyList<string> List()
    {
        using var command = database.CreateCommand("select element from protection_key order by created_at");
        var elements = new List<string>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            elements.Add(reader.GetString(0));
        }
        return elements;
    }

    public void Add(string name, string element)
    {
        using var command = database.CreateCommand("insert into protection_key (name, element, created_at) values ($1, $2, $3)");
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = element });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        command.ExecuteNonQuery();
    }
}

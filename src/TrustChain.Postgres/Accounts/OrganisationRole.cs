namespace TrustChain.Postgres.Accounts;

/// <summary>What somebody may do for an organisation: a person who is a member of it, or whoever holds one of its API keys. Each includes the ones before.</summary>
public enum OrganisationRole
{
    /// <summary>Reads what the organisation may read.</summary>
    Viewer = 0,

    /// <summary>Records on its behalf: captures, batches, documents, certificates, recalls, queries and subscriptions.</summary>
    Operator = 1,

    /// <summary>Also its members, API keys, signing keys and claims.</summary>
    Admin = 2,
}

/// <summary>Names of roles in the API.</summary>
public static class OrganisationRoles
{
    /// <summary>All names, from the least to the most.</summary>
    public static IReadOnlyList<string> Names { get; } = ["viewer", "operator", "admin"];

    /// <summary>A role's name.</summary>
    public static string Name(this OrganisationRole role) => Names[(int)role];

    /// <summary>Reads a name; null for anything else.</summary>
    public static OrganisationRole? Parse(string? name) => name switch
    {
        "viewer" => OrganisationRole.Viewer,
        "operator" => OrganisationRole.Operator,
        "admin" => OrganisationRole.Admin,
        _ => null,
    };
}

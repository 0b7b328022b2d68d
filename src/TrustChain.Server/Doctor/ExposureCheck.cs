using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration.Json;
using Npgsql;
using TrustChain.Server.Hosting;
using TrustChain.Server.Proxy;

namespace TrustChain.Server.Doctor;

/// <summary>What this machine and the network see of the server: files with passwords, certificates, and a proxy whose word is needed.</summary>
internal static class ExposureCheck
{
    private const string Files = "files";
    private const string Tls = "tls";

    /// <summary>Certificates of public authorities are renewed a month before their end.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromDays(21);

    public static void Run(DoctorReport report, ServerOptions server, IConfiguration configuration, TimeProvider time)
    {
        CheckFiles(report, server, configuration);
        foreach (var certificate in ServingCertificate.Find(configuration))
        {
            CheckCertificate(report, certificate, time.GetUtcNow());
        }
        CheckProxy(report, server, configuration);
    }

    private static void CheckFiles(DoctorReport report, ServerOptions server, IConfiguration configuration)
    {
        if (server.DatabaseFile.Length > 0 && File.Exists(server.DatabaseFile))
        {
            SecretFile.CheckMode(report, Files, server.DatabaseFile, "give the database's role another password");
        }
        foreach (var (file, setting) in FindPasswords(configuration).DistinctBy(static f => f.File))
        {
            SecretFile.CheckMode(report, Files, file, $"change the password in {setting}; TrustChain:DatabaseFile keeps that of the database out of the configuration");
        }
    }

    /// <summary>Configuration files that hold a password in the clear.</summary>
    private static IEnumerable<(string File, string Setting)> FindPasswords(IConfiguration configuration)
    {
        foreach (var provider in ((configuration as IConfigurationRoot)?.Providers ?? []).OfType<JsonConfigurationProvider>())
        {
            var file = provider.Source.Path is { } path ? provider.Source.FileProvider?.GetFileInfo(path).PhysicalPath : null;
            var settings = configuration.AsEnumerable().Where(s => provider.TryGet(s.Key, out _)).Select(static s => s.Key);
            var found = settings.FirstOrDefault(s => provider.TryGet(s, out var value) && HoldsPassword(s, value));
            if (file is not null && found is not null)
            {
                yield return (file, found);
            }
        }
    }

    private static bool HoldsPassword(string setting, string? value) =>
        value?.Length > 0 && (setting.EndsWith(":Password", StringComparison.OrdinalIgnoreCase)
            || (setting.Equals("TrustChain:Database", StringComparison.OrdinalIgnoreCase) && NamesPassword(value)));

    /// <summary>Whether a connection string has one, under whichever of its names.</summary>
    private static bool NamesPassword(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString).Password is { Length: > 0 };
        }
        catch (ArgumentException)
        {
            return true; // Not one that could be used, which is said elsewhere; what it holds is not known.
        }
    }

    private static void CheckCertificate(DoctorReport report, ServingCertificate certificate, DateTimeOffset now)
    {
        const string Mend = "put the renewed certificate there; see that whatever renews it runs";
        DateTimeOffset end;
        try
        {
            end = certificate.ReadEnd();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            report.Fault(Tls, $"the certificate of {certificate.Place}, {certificate.File}, cannot be read: {exception.Message}", "correct the path, the password or the owner of the file");
            return;
        }
        if (File.Exists(certificate.PrivateFile))
        {
            SecretFile.CheckMode(report, Tls, certificate.PrivateFile, "have another key and certificate made, and the old one revoked");
        }
        var left = end - now;
        var text = string.Create(CultureInfo.InvariantCulture, $"the certificate of {certificate.Place} ends on {end.UtcDateTime:yyyy-MM-dd}, {Math.Floor(left.TotalDays):0} days from now");
        if (left <= TimeSpan.Zero)
        {
            report.Fault(Tls, string.Create(CultureInfo.InvariantCulture, $"the certificate of {certificate.Place} ended on {end.UtcDateTime:yyyy-MM-dd}"), Mend);
        }
        else if (left < Soon)
        {
            report.Warn(Tls, text, Mend);
        }
        else
        {
            report.Ok(Tls, text);
        }
    }

    /// <summary>Visitors come by https, and this server itself speaks none: then something in front of it does, and says for whom.</summary>
    private static void CheckProxy(DoctorReport report, ServerOptions server, IConfiguration configuration)
    {
        var named = configuration.GetSection($"{ProxyOptions.Section}:{nameof(ProxyOptions.TrustedNetworks)}").GetChildren().Any();
        var addresses = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(static e => e["Url"]).Append(configuration["URLS"]).Append(configuration["ASPNETCORE_URLS"]);
        var speaksTls = addresses.Any(static a => a is not null && a.Contains("https://", StringComparison.OrdinalIgnoreCase)) || configuration["HTTPS_PORTS"] is { Length: > 0 };
        if (server.PublicUrl.StartsWith("https://", StringComparison.OrdinalIgnoreCase) && !speaksTls && !named)
        {
            report.Warn(
                "proxy",
                "people come by https, but this server listens without TLS and no proxy is trusted: everybody behind the proxy shares one address, so one of them uses up the limits of all, and cookies are not marked as secure",
                "name the proxy's address in Proxy:TrustedNetworks, or give Kestrel a certificate (docs/installation.md)");
        }
    }
}

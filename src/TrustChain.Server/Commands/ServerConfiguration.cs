using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Commands;

/// <summary>Where settings come from: appsettings.json beside the program, then the one configuration file, then the environment.</summary>
internal static class ServerConfiguration
{
    /// <summary>Read when it exists and no other is named.</summary>
    public const string DefaultFile = "/etc/trustchain/trustchain.json";

    /// <summary>The configuration of verbs that need no host.</summary>
    /// <exception cref="ConfigurationException">The named file is missing, or a file is no JSON object.</exception>
    public static IConfigurationRoot Build(string? file)
    {
        var configuration = new ConfigurationManager();
        configuration.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true).AddEnvironmentVariables();
        configuration.AddConfigurationFile(file);
        return configuration;
    }

    /// <summary>Puts the configuration file where it belongs among the sources that a host has.</summary>
    /// <param name="configuration">Has its other sources already.</param>
    /// <param name="file">Null: <see cref="DefaultFile"/>, where it exists.</param>
    /// <exception cref="ConfigurationException">The named file is missing, or a file is no JSON object.</exception>
    public static void AddConfigurationFile(this IConfigurationManager configuration, string? file)
    {
        if (Find(file) is not { } path)
        {
            return;
        }
        var source = new JsonConfigurationSource { Path = path };
        source.ResolveFileProvider();
        var last = configuration.Sources.LastOrDefault(static s => s is JsonConfigurationSource);
        try
        {
            // An insertion reads every source again.
            configuration.Sources.Insert(last is null ? 0 : configuration.Sources.IndexOf(last) + 1, source);
        }
        catch (InvalidDataException exception)
        {
            throw new ConfigurationException($"{path} cannot be read: {exception.InnerException?.Message ?? exception.Message}");
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new ConfigurationException($"{path} cannot be read: {exception.Message}");
        }
    }

    /// <summary>Every setting that is missing or wrong in any feature; empty when the server would start with them.</summary>
    public static IReadOnlyList<string> FindFaults(IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (AggregateException exception)
        {
            return [.. exception.InnerExceptions.SelectMany(FaultsOf)];
        }
        catch (Exception exception) when (exception is OptionsValidationException or InvalidOperationException)
        {
            return FaultsOf(exception);
        }
    }

    /// <summary>An <see cref="InvalidOperationException"/> is a value of another type than its setting's; the message names both.</summary>
    private static IReadOnlyList<string> FaultsOf(Exception exception) =>
        exception is OptionsValidationException options ? [.. options.Failures] : [exception.Message];

    private static string? Find(string? file)
    {
        if (file is null)
        {
            return File.Exists(DefaultFile) ? DefaultFile : null;
        }
        var path = Path.GetFullPath(file);
        return File.Exists(path) ? path : throw new ConfigurationException($"The configuration file {path} does not exist.");
    }
}

/// <summary>The configuration cannot be read; the message names the file.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);

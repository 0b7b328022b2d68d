using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;

namespace TrustChain.Server.Capture;

/// <summary>Wire form of a capture job.</summary>
/// <param name="CaptureID">Its id.</param>
/// <param name="CreatedAt">When it was sent.</param>
/// <param name="FinishedAt">Null while it runs.</param>
/// <param name="Running">Whether it still runs.</param>
/// <param name="Success">False as soon as there is an error.</param>
/// <param name="CaptureErrorBehaviour">Rollback or proceed.</param>
/// <param name="EventsTotal">Events of the document, once they are counted.</param>
/// <param name="EventsDone">Events dealt with so far; at the end, captured.</param>
/// <param name="Errors">The first 50 problems.</param>
/// <param name="Statements">The statements a large capture was split into, each with its receipt; without them where the log's key is lost and nothing is signed.</param>
internal sealed record CaptureJobAnswer(
    string CaptureID,
    string CreatedAt,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? FinishedAt,
    bool Running,
    bool Success,
    string CaptureErrorBehaviour,
    int? EventsTotal,
    int EventsDone,
    JsonElement Errors,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<CaptureJobAnswer.StatementLine>? Statements)
{
    internal sealed record StatementLine(
        string Statement, [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? Receipt);

    public static CaptureJobAnswer From(CaptureJob job, IReadOnlyList<StatementLine>? statements) => new(
        job.Id,
        Record.FormatTime(job.CreatedAt),
        job.FinishedAt is { } finished ? Record.FormatTime(finished) : null,
        job.IsRunning,
        job.IsSuccess,
        job.Proceeds ? "proceed" : "rollback",
        job.EventsTotal,
        job.EventsDone,
        JsonDocument.Parse(job.Errors).RootElement,
        statements);
}

/// <summary>A capture job as XML (<c>EPCISCaptureJob</c> of the EPCIS 2.0 schema).</summary>
internal static class CaptureJobXml
{
    private const string Namespace = "urn:epcglobal:epcis:xsd:2";

    public static string Write(CaptureJob job)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("epcis", "EPCISCaptureJob", Namespace);
            xml.WriteAttributeString("captureID", job.Id);
            xml.WriteAttributeString("createdAt", Record.FormatTime(job.CreatedAt));
            if (job.FinishedAt is { } finished)
            {
                xml.WriteAttributeString("finishedAt", Record.FormatTime(finished));
            }
            xml.WriteAttributeString("running", XmlConvert.ToString(job.IsRunning));
            xml.WriteAttributeString("success", XmlConvert.ToString(job.IsSuccess));
            xml.WriteAttributeString("captureErrorBehaviour", job.Proceeds ? "proceed" : "rollback");
            using var errors = JsonDocument.Parse(job.Errors);
            if (errors.RootElement.GetArrayLength() > 0)
            {
                xml.WriteStartElement("errors");
                foreach (var error in errors.RootElement.EnumerateArray())
                {
                    xml.WriteStartElement("error");
                    foreach (var name in (string[])["type", "title", "status", "detail"])
                    {
                        if (error.TryGetProperty(name, out var value))
                        {
                            xml.WriteElementString(name, value.ValueKind == JsonValueKind.Number ? value.GetInt32().ToString(CultureInfo.InvariantCulture) : value.GetString());
                        }
                    }
                    xml.WriteEndElement();
                }
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
        }
        return text.ToString();
    }
}

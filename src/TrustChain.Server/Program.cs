using TrustChain.Server.Accounts;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Capture;
using TrustChain.Server.Devices;
using TrustChain.Server.Devices.Grants;
using TrustChain.Server.Commands;
using TrustChain.Server.Doctor;
using TrustChain.Server.Hosting;
using TrustChain.Server.Items;
using TrustChain.Server.Limits;
using TrustChain.Server.Log;
using TrustChain.Server.Organisations;
using TrustChain.Server.Pages;
using TrustChain.Server.Query;
using TrustChain.Server.Signing;
using TrustChain.Server.Soap;
using TrustChain.Server.Subscriptions;
using TrustChain.Server.Verification;

var command = ServerCommandLine.Parse(args);
if (command.Verb is not (ServerVerb.Serve or ServerVerb.Doctor))
{
    return await ServerCommands.RunAsync(command);
}

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [.. command.Arguments], ContentRootPath = AppContext.BaseDirectory });
if (!ServerCommands.TryConfigure(builder, command))
{
    return 2;
}
builder.AddServerHosting();
builder.Services.AddLimits();
builder.Services.AddOrganisations();
builder.Services.AddAccounts();
builder.Services.AddSigning();
builder.Services.AddPartitions();
builder.Services.AddCapture(builder.Environment.ContentRootPath);
builder.Services.AddDevices(builder.Environment.ContentRootPath);
builder.Services.AddLog();
builder.Services.AddWitnesses();
builder.Services.AddAnchoring();
builder.Services.AddEvidence();
builder.Services.AddQueries();
builder.Services.AddSubscriptions();
builder.Services.AddItems();
if (command.Verb == ServerVerb.Doctor)
{
    return await DoctorCommand.RunAsync(builder, command.Json);
}

var app = builder.Build();
if (!ServerCommands.CheckConfiguration(app))
{
    return 2;
}
if (!await ServerCommands.PrepareDatabaseAsync(app))
{
    return 1;
}
app.UseServerHosting();
// In the order in which an event meets them: who may, capture, query, log, evidence, and what people see.
app.MapOrganisations();
app.MapApiKeys();
app.MapMembers();
app.MapPeople();
app.MapSignIn();
app.MapAccount();
app.MapOrganisationPages();
app.MapAudit();
app.MapKeys();
app.MapKeyRecovery();
app.MapCapture();
app.MapDevices();
app.MapTelemetry();
app.MapImports();
app.MapDeviceHistory();
app.MapGrants();
app.MapDayKeys();
app.MapReadings();
app.MapEncryptionKeys();
app.MapDeviceEvidence();
app.MapDeviceAlarms();
app.MapDevicePages();
app.MapGrantedPages();
app.MapGrantingPages();
app.MapEvents();
app.MapResources();
app.MapNamedQueries();
app.MapSoap();
app.MapSubscriptions();
app.MapLog();
app.MapAnchors();
app.MapEvidence();
app.MapBatches();
app.MapDocuments();
app.MapCertificates();
app.MapRecalls();
app.MapItems();
app.MapServerHosting();
await app.RunAsync();
return 0;

/// <summary>Entry point; named so that tests can start the server in their own process.</summary>
public partial class Program;

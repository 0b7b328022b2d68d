using TrustChain.Server.Accounts;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Capture;
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

if (args is ["migrate" or "init", ..])
{
    return await OperatorCommands.RunAsync(args);
}

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddServerHosting();
builder.Services.AddLimits();
builder.Services.AddOrganisations();
builder.Services.AddAccounts();
builder.Services.AddSigning();
builder.Services.AddCapture(builder.Environment.ContentRootPath);
builder.Services.AddLog();
builder.Services.AddWitnesses();
builder.Services.AddAnchoring();
builder.Services.AddEvidence();
builder.Services.AddQueries();
builder.Services.AddSubscriptions();
builder.Services.AddItems();

var app = builder.Build();
await app.PrepareDatabaseAsync();
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

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Devices;

/// <summary>Device entries, act by act and rule by rule: <c>docs/devices.md</c> section 3.</summary>
public sealed class DeviceHistoryTests
{
    private const string Origin = "log.example/tea";
    private const string Owner = "green-hill";

    private static readonly SigningKey[] Keys = [.. Enumerable.Range(0, 4).Select(static i => SigningKey.Generate(i % 2 == 0 ? SignatureAlgorithms.ES256 : SignatureAlgorithms.EdDsa))];
    private static readonly Hash32 Pseudonym = DeviceAct.ComputePseudonym(new byte[32], "https://id.gs1.org/8004/0614141LOOM1");

    private readonly DeviceHistory _history = new();
    private long _next = 10;

    [Fact]
    public void Pseudonym_IsTheDigestOfSaltAndUri() => Assert.Equal(Hash32.Compute([.. new byte[32], .. "urn:x:é"u8]), DeviceAct.ComputePseudonym(new byte[32], "urn:x:é"));

    [Fact]
    public void FirstEntry_IsEnrol_AndNoLaterOneIs()
    {
        Refuses(Act(DeviceActKind.Rotate, 0, previous: 3), "names 3");
        Refuses(Act(DeviceActKind.Revoke), "not offered", Owner);
        Refuses(Act(DeviceActKind.Enrol, 0), "not signed by green-hill", "stranger");
        Assert.Equal((DeviceState.None, null), (_history.State, _history.Current));
        Accepts(Act(DeviceActKind.Enrol, 0));
        Assert.Equal((DeviceState.Active, Owner, 10, Keys[0].PublicKey.Kid), (_history.State, _history.Owner, _history.Last, _history.Current!.Key.Kid));
        Refuses(Act(DeviceActKind.Enrol, 1), "names nothing as the device's entry before it");
    }

    [Fact]
    public void Entries_FormOneChain()
    {
        Accepts(Act(DeviceActKind.Enrol, 0));
        Accepts(Act(DeviceActKind.Replace, 1, previous: 10));
        Refuses(Act(DeviceActKind.Replace, 2, previous: 10), "names 10 as the device's entry before it, which is 11");
        Assert.Equal([(10, 11), (11, null)], _history.Keys.Select(static k => (k.Entry, k.EndedBy)));
    }

    [Fact]
    public void Rotate_IsSignedByTheKeyInForce()
    {
        Accepts(Act(DeviceActKind.Enrol, 0));
        var rotate = Act(DeviceActKind.Rotate, 1, previous: 10);
        Refuses(rotate, "not signed by the device's key in force", Owner);
        Assert.Contains("not signed by the device's key", _history.FindFault(_next, rotate, new DeviceSigner.ByDevice(Keys[1].PublicKey.Kid, 10)), StringComparison.Ordinal);
        Assert.Contains("not signed by the device's key", _history.FindFault(_next, rotate, new DeviceSigner.ByDevice(Keys[0].PublicKey.Kid, 9)), StringComparison.Ordinal);
        Assert.Contains("names stranger as the owner", _history.FindFault(_next, rotate with { Organisation = "stranger" }, Device(0, 10)), StringComparison.Ordinal);
        Refuses(Act(DeviceActKind.Rotate, 0, previous: 10), "was admitted before", Owner);
        Assert.Null(_history.FindFault(_next, rotate, Device(0, 10)));
        _history.Apply(_next++, rotate);
        Assert.Equal((Keys[1].PublicKey.Kid, 11), (_history.Current!.Key.Kid, _history.Keys[0].EndedBy));
        // The old key has no say any more.
        Assert.NotNull(_history.FindFault(_next, Act(DeviceActKind.Rotate, 2, previous: 11), Device(0, 10)));
        Assert.Null(_history.FindFault(_next, Act(DeviceActKind.Rotate, 2, previous: 11), Device(1, 11)));
    }

    [Fact]
    public void Revoke_LeavesTheOwnerReplaceTransferAndRetire()
    {
        Accepts(Act(DeviceActKind.Enrol, 0));
        Accepts(Act(DeviceActKind.Revoke, previous: 10) with { CompromisedSince = 7 });
        Assert.Equal((DeviceState.WithoutKey, null, 7), (_history.State, _history.Current, _history.Keys[0].CompromisedSince));
        Refuses(Act(DeviceActKind.Revoke, previous: 11), "no key in force");
        Assert.Contains("no key in force", _history.FindFault(_next, Act(DeviceActKind.Rotate, 1, previous: 11), Device(0, 10)), StringComparison.Ordinal);
        Refuses(Act(DeviceActKind.Replace, 0, previous: 11), "was admitted before");
        // That the key was in wrong hands even earlier may come out only now.
        Accepts(Act(DeviceActKind.Replace, 1, previous: 11) with { CompromisedSince = 5 });
        Assert.Equal((DeviceState.Active, 11, 5), (_history.State, _history.Keys[0].EndedBy, _history.Keys[0].CompromisedSince));
    }

    [Fact]
    public void CompromisedSince_ReachesEveryKeySoFar_AndNeverComesLater()
    {
        Accepts(Act(DeviceActKind.Enrol, 0));
        Accepts(Act(DeviceActKind.Replace, 1, previous: 10));
        Accepts(Act(DeviceActKind.Replace, 2, previous: 11) with { CompromisedSince = 10 });
        Assert.Equal([(11, 10), (12, 10), ((long?)null, (long?)null)], _history.Keys.Select(static k => (k.EndedBy, k.CompromisedSince)));
        Accepts(Act(DeviceActKind.Revoke, previous: 12) with { CompromisedSince = 12 });
        Assert.Equal([(11, 10), (12, 10), ((long?)13, (long?)12)], _history.Keys.Select(static k => (k.EndedBy, k.CompromisedSince)));
    }

    [Fact]
    public void CompromisedSince_IsNotAboveItsOwnEntry()
    {
        Accepts(Act(DeviceActKind.Enrol, 0));
        Refuses(Act(DeviceActKind.Revoke, previous: 10) with { CompromisedSince = 12 }, "from entry 12 on, which is not in the log yet");
        Refuses(Act(DeviceActKind.Replace, 1, previous: 10) with { CompromisedSince = 12 }, "from entry 12 on, which is not in the log yet");
        Accepts(Act(DeviceActKind.Revoke, previous: 10) with { CompromisedSince = 11 });
    }

    [Fact]
    public void Transfer_IsAcceptedByWhomItNames()
    {
        Accepts(Act(DeviceActKind.Enrol, 0));
        Refuses(Act(DeviceActKind.Accept, previous: 10) with { Organisation = "buyer" }, "not offered to anybody", "buyer");
        Refuses(Act(DeviceActKind.Transfer, previous: 10) with { To = Owner }, "the owner's already");
        Accepts(Act(DeviceActKind.Transfer, previous: 10) with { To = "first" });
        Accepts(Act(DeviceActKind.Transfer, previous: 11) with { To = "buyer" });
        Refuses(Act(DeviceActKind.Accept, previous: 12) with { Organisation = "first" }, "not signed by buyer", "first");
        Refuses(Act(DeviceActKind.Accept, previous: 12) with { Organisation = "buyer" }, "not signed by buyer", Owner);
        Accepts(Act(DeviceActKind.Accept, previous: 12) with { Organisation = "buyer" }, "buyer");
        Assert.Equal(("buyer", null, DeviceState.Active), (_history.Owner, _history.OfferedTo, _history.State));
        Refuses(Act(DeviceActKind.Revoke, previous: 13), "not signed by buyer", Owner);
        Accepts(Act(DeviceActKind.Revoke, previous: 13) with { Organisation = "buyer" }, "buyer");
    }

    [Fact]
    public void Retire_IsTheEnd()
    {
        Accepts(Act(DeviceActKind.Enrol, 0));
        Accepts(Act(DeviceActKind.Retire, previous: 10));
        Assert.Equal((DeviceState.Retired, null), (_history.State, _history.Current));
        foreach (var act in new[] { Act(DeviceActKind.Replace, 1, previous: 11), Act(DeviceActKind.Revoke, previous: 11), Act(DeviceActKind.Transfer, previous: 11) with { To = "x" }, Act(DeviceActKind.Retire, previous: 11) })
        {
            Refuses(act, "retired");
        }
    }

    [Fact]
    public void Acts_AreReadAsTheyAreWritten()
    {
        foreach (var kind in Enum.GetValues<DeviceActKind>())
        {
            var act = Full(kind);
            Assert.True(DeviceAct.TryParse(Json(act.ToJcs()), out var read), kind.ToString());
            Assert.Equal(act.ToJcs(), read.ToJcs());
            Assert.Equal((kind, act.Previous, act.To, act.Reason, act.CompromisedSince, act.Attestation), (read.Act, read.Previous, read.To, read.Reason, read.CompromisedSince, read.Attestation));
            Assert.Equal(SignatureCheck.Valid, read.VerifyProof(Origin));
        }
    }

    [Fact]
    public void Acts_HaveExactlyTheirMembers()
    {
        var optional = new[] { "attestation", "compromisedSince", "reason" };
        var every = Enum.GetValues<DeviceActKind>().SelectMany(static k => JsonNode.Parse(Full(k).ToJcs())!.AsObject()).GroupBy(static m => m.Key).ToDictionary(static g => g.Key, static g => g.First().Value!);
        foreach (var kind in Enum.GetValues<DeviceActKind>())
        {
            var own = JsonNode.Parse(Full(kind).ToJcs())!.AsObject();
            foreach (var name in every.Keys.Append("extra"))
            {
                var json = own.DeepClone().AsObject();
                var was = json.Remove(name);
                var mayLack = was && optional.Contains(name);
                if (!was)
                {
                    json[name] = name == "extra" ? "x" : every[name].DeepClone();
                }
                Assert.True(DeviceAct.TryParse(Json(json), out _) == mayLack, $"{kind} {(was ? "without" : "with")} {name}");
            }
        }
    }

    [Theory]
    [InlineData("v", "2")]
    [InlineData("act", "\"Enrol\"")]
    [InlineData("device", "\"short\"")]
    [InlineData("organisation", "\"\"")]
    [InlineData("kid", "\"other\"")]
    [InlineData("proof", "1")]
    [InlineData("jwk", "{}")]
    [InlineData("attestation", "\"short\"")]
    [InlineData("previous", "-1")]
    [InlineData("previous", "\"1\"")]
    [InlineData("reason", "\"\"")]
    public void Acts_AreRefused_WhenAMemberIsWrong(string name, string value)
    {
        var json = JsonNode.Parse(Full(DeviceActKind.Replace).ToJcs())!.AsObject();
        json[name] = JsonNode.Parse(value);
        Assert.False(DeviceAct.TryParse(Json(json), out var act));
        Assert.Null(act);
        json = JsonNode.Parse(Full(DeviceActKind.Replace).ToJcs())!.AsObject();
        json["reason"] = new string('x', DeviceAct.MaxReason + 1);
        Assert.False(DeviceAct.TryParse(Json(json), out _));
    }

    [Fact]
    public void Proof_IsOfThisKeyActDeviceAndLog()
    {
        var key = Keys[0].PublicKey;
        SignatureCheck Verify(string proof) => DeviceAct.VerifyProof(proof, key, DeviceActKind.Enrol, Pseudonym, Origin);
        Assert.Equal(SignatureCheck.Valid, Verify(DeviceAct.Prove(Keys[0], DeviceActKind.Enrol, Pseudonym, Origin)));
        Assert.Equal(SignatureCheck.Invalid, Verify(DeviceAct.Prove(Keys[1], DeviceActKind.Enrol, Pseudonym, Origin)));
        Assert.Equal(SignatureCheck.Invalid, Verify(DeviceAct.Prove(Keys[0], DeviceActKind.Replace, Pseudonym, Origin)));
        Assert.Equal(SignatureCheck.Invalid, Verify(DeviceAct.Prove(Keys[0], DeviceActKind.Enrol, Hash32.Compute([1]), Origin)));
        Assert.Equal(SignatureCheck.Invalid, Verify(DeviceAct.Prove(Keys[0], DeviceActKind.Enrol, Pseudonym, "log.example/other")));
        var payload = DeviceAct.ProofPayload(DeviceActKind.Enrol, Pseudonym, key.Kid);
        Assert.Equal(SignatureCheck.Invalid, Verify(Jws.Sign(Keys[0], Statement.DocumentType, Origin, payload)));
        Assert.Equal(SignatureCheck.Invalid, Verify(Jws.Sign(Keys[0], DeviceAct.ProofType, Origin, payload, [new("seq", "1")])));
        var good = DeviceAct.Prove(Keys[0], DeviceActKind.Enrol, Pseudonym, Origin);
        Assert.Equal(SignatureCheck.Invalid, Verify(good[..(good.LastIndexOf('.') + 1)] + new string('A', good.Length - good.LastIndexOf('.') - 1)));
        Assert.Equal(SignatureCheck.Invalid, Verify("a.b"));
    }

    private static DeviceSigner.ByDevice Device(int key, long entry) => new(Keys[key].PublicKey.Kid, entry);

    private static DeviceAct Act(DeviceActKind kind, int? key = null, long? previous = null) => new()
    {
        Act = kind,
        Device = Pseudonym,
        Organisation = Owner,
        Previous = previous,
        Key = key is { } k ? Keys[k].PublicKey : null,
        Proof = key is { } p ? DeviceAct.Prove(Keys[p], kind, Pseudonym, Origin) : null,
    };

    /// <summary>An act with every member that it may have.</summary>
    private static DeviceAct Full(DeviceActKind kind)
    {
        var admits = kind is DeviceActKind.Enrol or DeviceActKind.Rotate or DeviceActKind.Replace;
        return Act(kind, admits ? 0 : null, kind == DeviceActKind.Enrol ? null : 4) with
        {
            Attestation = admits ? Hash32.Compute([1]) : null,
            To = kind == DeviceActKind.Transfer ? "buyer" : null,
            CompromisedSince = kind is DeviceActKind.Revoke or DeviceActKind.Replace ? 3 : null,
            Reason = kind is DeviceActKind.Revoke or DeviceActKind.Replace or DeviceActKind.Retire ? "broken" : null,
        };
    }

    private static JsonElement Json(byte[] utf8) => JsonDocument.Parse(utf8).RootElement;

    private static JsonElement Json(JsonNode json) => Json(Encoding.UTF8.GetBytes(json.ToJsonString()));

    private void Accepts(DeviceAct act, string signer = Owner)
    {
        Assert.Null(_history.FindFault(_next, act, new DeviceSigner.ByOrganisation(signer)));
        _history.Apply(_next++, act);
    }

    private void Refuses(DeviceAct act, string reason, string signer = Owner) =>
        Assert.Contains(reason, _history.FindFault(_next, act, new DeviceSigner.ByOrganisation(signer)), StringComparison.Ordinal);
}

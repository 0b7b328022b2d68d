using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Verification;

public sealed partial class EvidenceVerifier
{
    /// <summary>Step 2b: enough of the trusted witnesses cosigned the checkpoint. Not listed when none are trusted.</summary>
    private void VerifyWitnesses()
    {
        if (_trust is not { Witnesses: { Count: > 0 } witnesses })
        {
            return;
        }
        if (_note is null || _checkpoint is null)
        {
            Depends(CheckNames.Witness, "bundle", CheckNames.Checkpoint);
            return;
        }
        var found = witnesses.Select(w => (w.Name, Answer: _note.VerifyCosignature(w))).ToList();
        var valid = found.Where(static f => f.Answer.Check == SignatureCheck.Valid).ToList();
        if (valid.Count >= _trust.Quorum)
        {
            Pass(CheckNames.Witness, "bundle", $"Cosigned by {string.Join(", ", valid.Select(static v => v.Name))}, who saw the log only grow.");
        }
        else if (found.Find(static f => f.Answer is { IsPresent: true, Check: SignatureCheck.Invalid }) is { Name: { } forged })
        {
            if (_checkpointSound)
            {
                Fail(CheckNames.Witness, "bundle", ReasonCodes.WitnessSignatureInvalid, $"The cosignature in the name of {forged} is not over this checkpoint, or not by its key.");
            }
            else
            {
                Depends(CheckNames.Witness, "bundle", CheckNames.Checkpoint);
            }
        }
        else if (found.Exists(static f => f.Answer is { IsPresent: true, Check: SignatureCheck.CouldNotCheck }))
        {
            Unknown(CheckNames.Witness, "bundle", ReasonCodes.AlgorithmNotAvailable, "This machine cannot check Ed25519 signatures.");
        }
        else
        {
            Unknown(CheckNames.Witness, "bundle", ReasonCodes.WitnessMissing, $"{valid.Count} of the trusted witnesses cosigned this checkpoint; {_trust.Quorum} are needed.");
        }
    }

    /// <summary>Step 3b: a trusted authority stamped the root, and the checkpoint's tree continues it.</summary>
    private void VerifyTimestamp(int i)
    {
        var timestamp = _bundle.Timestamps[i];
        var subject = $"timestamps[{i}]";
        if (_trust is not { TimestampAuthorities: { Count: > 0 } authorities })
        {
            Unknown(CheckNames.Timestamp, subject, ReasonCodes.NoTimestampAuthority, "No timestamp authority is trusted.");
            return;
        }
        var text = new Checkpoint(_bundle.Log.Origin, timestamp.Size, timestamp.Root).ToText();
        var answers = authorities.Select(a => TimestampToken.Verify(timestamp.Token, text, a)).ToList();
        if (!answers.Exists(static a => a.Signature == SignatureCheck.Valid))
        {
            if (answers.Exists(static a => a.Signature == SignatureCheck.CouldNotCheck))
            {
                Unknown(CheckNames.Timestamp, subject, ReasonCodes.AlgorithmNotAvailable, "This machine cannot check the signature of the timestamp.");
            }
            else
            {
                Fail(CheckNames.Timestamp, subject, ReasonCodes.TimestampInvalid, $"The timestamp is not a trusted authority's over the root of {timestamp.Size} entries. {answers[0].Detail}");
            }
        }
        else if (_checkpoint is null)
        {
            Depends(CheckNames.Timestamp, subject, CheckNames.Checkpoint);
        }
        else if (!Continues(timestamp.Size, timestamp.Root, timestamp.Consistency))
        {
            if (_checkpointSound)
            {
                Fail(CheckNames.Timestamp, subject, ReasonCodes.TimestampInconsistent, "The signed tree is not shown to continue the stamped one.");
            }
            else
            {
                Depends(CheckNames.Timestamp, subject, CheckNames.Checkpoint);
            }
        }
        else
        {
            var time = answers.Find(static a => a.Signature == SignatureCheck.Valid).Time!.Value; // A valid token has its time.
            Pass(CheckNames.Timestamp, subject, $"The root of {timestamp.Size} entries was stamped at {Core.Log.Record.FormatTime(time.ToUniversalTime())}.");
        }
    }
}

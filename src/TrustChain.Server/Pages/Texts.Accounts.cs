namespace TrustChain.Server.Pages;

/// <summary>Words of the pages for signed-in people.</summary>
public sealed partial class Texts
{
    internal string Account => Say("Your account", "您的账户");

    internal string SignIn => Say("Sign in", "登录");

    internal string SignOut => Say("Sign out", "退出登录");

    internal string SignOutEverywhere => Say("Sign out everywhere", "在所有设备上退出");

    internal string SignedInAs => Say("Signed in as", "已登录：");

    internal string Login => Say("Login", "登录名");

    internal string LoginHint => Say("An e-mail address or another name. You type it to sign in; members of your organisation see it.", "电子邮箱或其他名称。登录时填写，本机构成员可见。");

    internal string YourName => Say("Your name", "您的姓名");

    internal string Password => Say("Password", "密码");

    internal string PasswordHint => Say("At least 12 characters.", "至少 12 个字符。");

    internal string CurrentPassword => Say("Current password", "当前密码");

    internal string NewPassword => Say("New password", "新密码");

    internal string ChangePassword => Say("Change password", "修改密码");

    internal string ForgottenPassword => Say("Forgotten it?", "忘记密码？");

    internal string ConfirmWithPasskey => Say("Set it with a passkey", "用通行密钥设置");

    internal string PasskeyNotShown => Say("Your passkey did not confirm this. Try again.", "通行密钥未能确认此操作，请重试。");

    internal string ConfirmIdentity => Say("Show that it is you", "确认是您本人");

    internal string ConfirmFirst => Say(
        "Ways to sign in, members, API keys, devices and grants outlast this visit. Before one is given, show that it is you. This holds for ten minutes in this browser.", "登录方式、成员、API 密钥、设备和授权在您离开后仍然有效。提供之前请先确认是您本人。确认后在此浏览器中十分钟内有效。");

    internal string Confirm => Say("Confirm", "确认");

    internal string ConfirmByPasskey => Say("Confirm with a passkey", "用通行密钥确认");

    internal string DoneConfirmed => Say("Confirmed. Now do what you were about to do; this holds for ten minutes.", "已确认。请继续刚才的操作，十分钟内有效。");

    internal string SignInWithPasskey => Say("Sign in with a passkey", "使用通行密钥登录");

    internal string PasskeyFailed => Say("The browser gave no passkey. Try again, or use your password.", "浏览器未提供通行密钥。请重试，或使用密码。");

    internal string NoAccountYet => Say("No account? An admin of your organisation can invite you.", "还没有账户？请让本机构的管理员发送邀请。");

    internal string SignInFailed => Say("Login or password is wrong.", "登录名或密码不正确。");

    internal string SignInLocked => Say("Too many failed attempts. Try again in 15 minutes; an admin can look into it meanwhile.", "失败次数过多。请 15 分钟后再试，也可联系管理员。");

    internal string OneTimeCode => Say("One-time code", "一次性验证码");

    internal string OneTimeCodeHint => Say("From your authenticator app, or one of your recovery codes.", "来自您的验证器应用，或您的一个恢复码。");

    internal string CodeWrong => Say("This code is wrong or was used before.", "验证码不正确或已使用过。");

    internal string CodesClosed => Say(
        "The service can no longer read the secret of your one-time codes, so none of them is valid. Use one of your recovery codes, or a passkey; otherwise ask an admin of the service to turn your codes off.",
        "服务已无法读取您的一次性验证码密钥，因此验证码均无效。请使用恢复码或通行密钥；否则请联系服务管理员关闭您的验证码。");

    internal string Invitation => Say("Invitation", "邀请");

    internal string InvitationOver => Say("This invitation is not open any more, or the link is not whole.", "该邀请已失效，或链接不完整。");

    internal string InvitationOverAdvice => Say("Ask whoever sent it for another one.", "请向发送邀请的人索取新的链接。");

    internal string CreateAccountAndJoin => Say("Create account and join", "创建账户并加入");

    internal string HaveAccount => Say("I have an account already", "我已有账户");

    internal string YourOrganisations => Say("Your organisations", "您所属的机构");

    internal string NoOrganisations => Say("You belong to no organisation. An admin of one can invite you.", "您尚不属于任何机构。机构管理员可以邀请您。");

    internal string ActingForIt => Say("You are acting for it now.", "您当前代表该机构。");

    internal string ActForIt => Say("Act for it", "代表该机构");

    internal string TooManyPasskeys => Say("You have 20 passkeys, which is the most. Remove one first.", "您已有 20 个通行密钥，已达上限。请先移除一个。");

    internal string TooManyApiKeys => Say("Your organisation has 1,000 API keys in force, which is the most. Revoke one first.", "本机构有效的 API 密钥已达 1,000 个上限。请先吊销一个。");

    internal string Passkeys => Say("Passkeys", "通行密钥");

    internal string PasskeysWhat => Say("A passkey signs you in with your device's screen lock. It cannot be guessed, nor given to a false page.", "通行密钥使用设备的屏幕锁登录，无法被猜出，也不会泄露给假冒页面。");

    internal string PasskeyName => Say("Name of the passkey", "通行密钥名称");

    internal string PasskeyNameHint => Say("For example the device it is on.", "例如所在设备的名称。");

    internal string AddPasskey => Say("Add a passkey", "添加通行密钥");

    internal string Remove => Say("Remove", "移除");

    internal string OneTimeCodes => Say("One-time codes", "一次性验证码");

    internal string OneTimeCodesOff => Say("Off. With them, a stolen password alone does not open your account.", "未开启。开启后，仅凭被盗的密码无法打开您的账户。");

    internal string TurnOn => Say("Turn on", "开启");

    internal string TurnOff => Say("Turn off", "关闭");

    internal string NewRecoveryCodes => Say("New recovery codes", "重新生成恢复码");

    internal string ScanWithAuthenticator => Say("Scan this with an authenticator app, then type the code it shows.", "请用验证器应用扫描，然后填写它显示的验证码。");

    internal string AuthenticatorQr => Say("QR code for the authenticator app", "验证器应用的二维码");

    internal string OrTypeKey => Say("Or type this key into the app:", "或在应用中手动输入密钥：");

    internal string RecoveryCodesOnce => Say("One-time codes are on. Keep these recovery codes somewhere safe: each signs you in once when the app is lost. They are shown this once.", "一次性验证码已开启。请妥善保存以下恢复码：丢失应用时，每个恢复码可登录一次。仅显示这一次。");

    internal string OneTimeCodesWhat => Say("An authenticator app shows a code that you type after your password.", "验证器应用会显示验证码，输入密码后再填写它。");

    internal string SecondFactor => Say("Second factor", "第二重验证");

    internal string SecondFactorNotSetUp => Say(
        "A password alone can be stolen, so this service asks more of your account before it opens anything. Add a passkey, or turn one-time codes on.",
        "仅凭密码可能被盗，因此本服务要求您的账户先完成第二重验证才能使用。请添加通行密钥，或开启一次性验证码。");

    internal string SecondFactorNotShown => Say(
        "You signed in by your password alone. This service asks your account for a second factor as well before it opens anything.",
        "您仅使用密码登录。本服务要求您的账户同时完成第二重验证才能使用。");

    internal string SecondFactorByCode => Say("Sign out, then sign in again with a one-time code.", "请退出登录，然后使用一次性验证码重新登录。");

    internal string Sessions => Say("Where you are signed in", "登录设备");

    internal string ThisBrowser => Say("this browser", "当前浏览器");

    internal string LastSeen => Say("Last seen", "最近活动");

    internal string EndSession => Say("Sign out there", "在该处退出");

    internal string Members => Say("Members", "成员");

    internal string FindMembers => Say("Find members", "查找成员");

    internal string NameOrLogin => Say("Name or login", "姓名或登录名");

    internal string NoMemberFits => Say("No member fits this search.", "没有符合条件的成员。");

    internal string ShowAllMembers => Say("Show all members", "显示全部成员");

    internal string MemberRole => Say("Role", "角色");

    internal string Change => Say("Change", "更改");

    internal string Invite => Say("Invite somebody", "邀请成员");

    internal string InviteWhat => Say("This makes a link for one person. Send it yourself; it works once, within 7 days.", "将生成一个供一人使用的链接。请自行发送；7 天内有效，仅可使用一次。");

    internal string InvitationNote => Say("For whom", "邀请对象");

    internal string InvitationNoteHint => Say("For your own list, such as a name.", "供您自己识别，例如姓名。");

    internal string InvitationLinkOnce => Say("Send this link to the person. It is shown this once.", "请将此链接发送给对方。仅显示这一次。");

    internal string Invitations => Say("Invitations", "邀请记录");

    internal string Withdraw => Say("Withdraw", "撤回");

    internal string InvitationUsed => Say("Used", "已使用");

    internal string InvitationWithdrawn => Say("Withdrawn", "已撤回");

    internal string InvitationExpired => Say("Expired", "已过期");

    internal string InvitationOpenUntil => Say("Open until", "有效至");

    internal string MemberUnchanged => Say("That was not possible: an organisation keeps at least one admin.", "无法更改：机构必须至少保留一名管理员。");

    internal string ApiKeys => Say("API keys", "API 密钥");

    internal string ApiKeysWhat => Say("A program uses an API key to act for this organisation. Give each program its own, with the least role it needs.", "程序使用 API 密钥代表本机构操作。请为每个程序单独创建密钥，并授予所需的最小角色。");

    internal string ApiKeyOnce => Say("Copy this key into the program. It is shown this once.", "请将此密钥复制到程序中。仅显示这一次。");

    internal string MakeApiKey => Say("Make an API key", "创建 API 密钥");

    internal string ApiKeyLabel => Say("Label", "标签");

    internal string ApiKeyLabelHint => Say("Which program uses it.", "由哪个程序使用。");

    internal string ApiKeyDays => Say("Ends after days", "有效天数");

    internal string ApiKeyDaysHint => Say("Empty: it does not end by itself.", "留空则不会自动失效。");

    internal string LastUsed => Say("Last used", "最近使用");

    internal string NeverUsed => Say("Never used", "从未使用");

    internal string KeyRevokedAt => Say("revoked", "已吊销");

    internal string KeyExpiredAt => Say("ended", "已失效");

    internal string KeyExpiresAt => Say("ends", "失效时间");

    internal string Rotate => Say("Make successor", "轮换");

    internal string RevokeNow => Say("Revoke now", "立即吊销");

    internal string Audit => Say("What was done", "操作记录");

    internal string AuditOfAll => Say("What was done on this service", "本平台的全部操作记录");

    internal string NothingDoneYet => Say("Nothing was done yet.", "尚无操作。");



    internal string Actor => Say("Who", "操作者");

    internal string DidWhat => Say("Act", "操作");

    internal string OnWhat => Say("On what", "对象");

    internal string FromWhere => Say("From", "来源");

    internal string Older => Say("Older", "更早");

    internal string FieldMissing => Say("This field is empty.", "此项不能为空。");

    internal string LoginTaken => Say("This login is taken.", "该登录名已被使用。");

    internal string LoginForm => Say("3 to 100 characters, without spaces.", "3 至 100 个字符，不含空格。");

    internal string PasswordWrong => Say("The current password is wrong.", "当前密码不正确。");

    internal string PasswordWeak => Say("Choose a longer password: at least 12 characters, 5 of them different.", "请使用更长的密码：至少 12 个字符，其中至少 5 个不同。");

    internal string DaysWrong => Say("A whole number of days from 1 to 3650.", "请输入 1 至 3650 之间的整数天数。");

    internal string FormExpired => Say("The form was open too long, or came from elsewhere. Please send it again.", "表单已过期或来自其他页面，请重新提交。");

    internal string ChangedMeanwhile => Say("Something changed meanwhile. Please look and try again.", "数据已发生变化，请查看后重试。");

    internal string DonePassword => Say("Your password is changed; other browsers are signed out.", "密码已修改，其他浏览器已退出登录。");

    internal string DonePasskey => Say("The passkey is added.", "通行密钥已添加。");

    internal string DonePasskeyRemoved => Say("The passkey is removed.", "通行密钥已移除。");

    internal string DoneCodesOff => Say("One-time codes are off.", "一次性验证码已关闭。");

    internal string DoneSession => Say("That browser is signed out.", "该浏览器已退出登录。");

    internal string DoneMember => Say("The member is changed.", "成员已更改。");

    internal string DoneWithdrawn => Say("The invitation is withdrawn.", "邀请已撤回。");

    internal string DoneRevoked => Say("The key is revoked.", "密钥已吊销。");

    internal string DoneSignedOut => Say("You are signed out.", "您已退出登录。");

    internal string RoleName(string role) => role switch
    {
        "viewer" => Say("viewer: reads", "查看者：可查看"),
        "operator" => Say("operator: records", "操作员：可登记"),
        _ => Say("admin: everything", "管理员：全部权限"),
    };

    internal string InvitationTo(string role) => Say($"You are invited as {RoleName(role)}.", $"您被邀请担任{RoleName(role)}。");

    internal string JoinAs(string login) => Say($"Join as {login}", $"以 {login} 加入");

    internal string OneTimeCodesOn(int left) => Say($"On. {left} recovery codes are left.", $"已开启。剩余 {left} 个恢复码。");

    /// <summary>What was just done, by the word in the address; null for any other word.</summary>
    internal string? Done(string? word) => word switch
    {
        "asked" => DoneAsked,
        "granted" => DoneGranted,
        "refused" => DoneRefused,
        "grant-withdrawn" => DoneGrantWithdrawn,
        "password" => DonePassword,
        "confirmed" => DoneConfirmed,
        "passkey" => DonePasskey,
        "passkey-removed" => DonePasskeyRemoved,
        "codes-off" => DoneCodesOff,
        "session" => DoneSession,
        "member" => DoneMember,
        "withdrawn" => DoneWithdrawn,
        "revoked" => DoneRevoked,
        "signed-out" => DoneSignedOut,
        _ => null,
    };
}

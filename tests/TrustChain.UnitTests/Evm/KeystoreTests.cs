using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Evm.Keys;

namespace TrustChain.UnitTests.Evm;

public sealed class KeystoreTests
{
    private const string PrivateKey = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

    // The two test wallets of the Web3 Secret Storage definition; the key derivation of the second is RFC 7914 with r = 1.
    private const string Pbkdf2File = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
        "kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private const string ScryptFile = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt",
        "kdfparams":{"dklen":32,"n":262144,"p":8,"r":1,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
        "mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private static readonly Address Account = new Secp256k1Key(Convert.FromHexString(PrivateKey)).Address;

    [Theory]
    [InlineData(Pbkdf2File)]
    [InlineData(ScryptFile)]
    public void Decrypt_PublishedWallet_GivesItsKey(string file)
    {
        var result = Keystore.Decrypt(Encoding.UTF8.GetBytes(file), "testpassword"u8);

        Assert.True(result.Succeeded, result.Detail);
        Assert.Equal(PrivateKey, Convert.ToHexStringLower(result.Key.ExportPrivateKey()));
    }

    [Fact]
    public void Decrypt_OtherPassPhraseOrChangedCipherText_SaysSo()
    {
        var key = Secp256k1Key.Create();
        var file = Keystore.Create(key, "correct"u8, scryptN: 16);
        var changed = Changed(file, root => root["crypto"]!["ciphertext"] = new string('0', 64));

        Assert.Equal(key.Address, Keystore.Decrypt(file, "correct"u8).Key?.Address);
        Assert.Equal(KeystoreFailure.WrongPassPhrase, Keystore.Decrypt(file, "correct\n"u8).Failure);
        Assert.Equal(KeystoreFailure.WrongPassPhrase, Keystore.Decrypt(changed, "correct"u8).Failure);
    }

    [Fact]
    public void Create_Twice_UsesFreshSaltAndIv()
    {
        var key = Secp256k1Key.Create();
        var first = JsonNode.Parse(Keystore.Create(key, "x"u8, scryptN: 2))!["crypto"]!;
        var second = JsonNode.Parse(Keystore.Create(key, "x"u8, scryptN: 2))!["crypto"]!;

        Assert.NotEqual(first["kdfparams"]!["salt"]!.ToString(), second["kdfparams"]!["salt"]!.ToString());
        Assert.NotEqual(first["cipherparams"]!["iv"]!.ToString(), second["cipherparams"]!["iv"]!.ToString());
    }

    // Each of these asks for more than 512 MiB, for absurd work, or for what scrypt does not define; none may cost time or memory.
    [Theory]
    [InlineData(1L << 23, 8, 1)]
    [InlineData(1L << 22, 1, 1)]
    [InlineData(2, 1 << 22, 1)]
    [InlineData(2, 1, 1025)]
    [InlineData(1 << 18, 8, 9)]
    [InlineData(262_143, 8, 1)]
    [InlineData(1, 8, 1)]
    [InlineData(0, 8, 1)]
    [InlineData(-2, 8, 1)]
    [InlineData(1 << 18, 0, 1)]
    [InlineData(1 << 18, 8, 0)]
    [InlineData(long.MaxValue, long.MaxValue, 1)]
    public void Decrypt_ScryptParametersOutOfBounds_IsMalformed(long n, long r, long p)
    {
        var file = Changed(Encoding.UTF8.GetBytes(ScryptFile), root =>
        {
            root["crypto"]!["kdfparams"]!["n"] = n;
            root["crypto"]!["kdfparams"]!["r"] = r;
            root["crypto"]!["kdfparams"]!["p"] = p;
        });

        Assert.Equal(KeystoreFailure.Malformed, Keystore.Decrypt(file, "testpassword"u8).Failure);
    }

    [Fact]
    public void Decrypt_OneMemberBroken_IsMalformed()
    {
        Action<JsonNode>[] breaks =
        [
            root => root["version"] = 4,
            root => root["version"] = "3",
            root => root["address"] = "f39Fd6e51aad88F6F4ce6aB8827279cffFb9226",
            root => root["crypto"]!["cipher"] = "aes-256-ctr",
            root => root["crypto"]!["cipherparams"]!["iv"] = "83dbcc02d8ccb40e466191a123791e",
            root => root["crypto"]!["ciphertext"] = "d172",
            root => root["crypto"]!["kdf"] = "argon2",
            root => root["crypto"]!["mac"] = "zz",
            root => root["crypto"]!["kdfparams"]!["c"] = 10_000_001,
            root => root["crypto"]!["kdfparams"]!["c"] = 0,
            root => root["crypto"]!["kdfparams"]!["prf"] = "hmac-sha1",
            root => root["crypto"]!["kdfparams"]!["dklen"] = 16,
            root => root["crypto"]!["kdfparams"]!["salt"] = new string('0', 2050),
            root => root["crypto"] = new JsonArray(),
            root => ((JsonObject)root).Remove("crypto"),
        ];

        Assert.All(breaks, change =>
            Assert.Equal(KeystoreFailure.Malformed, Keystore.Decrypt(Changed(Encoding.UTF8.GetBytes(Pbkdf2File), change), "testpassword"u8).Failure));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[3]")]
    [InlineData("""{"version":3,"version":3}""")]
    [InlineData("""{"version":3,"crypto":{"cipher":"\ud800"}}""")]
    public void Decrypt_NotAKeyFile_IsMalformed(string text) =>
        Assert.Equal(KeystoreFailure.Malformed, Keystore.Decrypt(Encoding.UTF8.GetBytes(text), "x"u8).Failure);

    [Fact]
    public void Decrypt_CryptoSpeltWithACapital_GivesTheKey()
    {
        var key = Secp256k1Key.Create();
        var text = Encoding.UTF8.GetString(Keystore.Create(key, "x"u8, scryptN: 2)).Replace("\"crypto\"", "\"Crypto\"", StringComparison.Ordinal);

        Assert.Equal(key.Address, Keystore.Decrypt(Encoding.UTF8.GetBytes(text), "x"u8).Key?.Address);
    }

    [Fact]
    public void Decrypt_AddressOfAnotherKey_IsMalformed()
    {
        var file = Changed(Keystore.Create(Secp256k1Key.Create(), "x"u8, scryptN: 2), root => root["address"] = Convert.ToHexStringLower(Account.ToArray()));

        Assert.Equal(KeystoreFailure.Malformed, Keystore.Decrypt(file, "x"u8).Failure);
    }

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("secret\n\n", "secret\n")]
    [InlineData("secret \n", "secret ")]
    [InlineData("secret\r", "secret\r")]
    [InlineData("\n", "")]
    public void TrimLineEnd_PassPhraseFile_LosesOneLineEnd(string content, string passPhrase) =>
        Assert.Equal(passPhrase, Encoding.UTF8.GetString(Keystore.TrimLineEnd(Encoding.UTF8.GetBytes(content))));

    [Fact]
    public async Task DecryptFileAsync_FilesAsAnEditorLeavesThem_GivesTheKey()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("trustchain-keystore-");
        try
        {
            var key = Secp256k1Key.Create();
            var (keyPath, passPhrasePath) = (Path.Combine(folder.FullName, "key.json"), Path.Combine(folder.FullName, "phrase"));
            await File.WriteAllBytesAsync(keyPath, Keystore.Create(key, "pass phrase"u8, scryptN: 16), cancellationToken);
            await File.WriteAllTextAsync(passPhrasePath, "pass phrase\n", cancellationToken);

            var result = await Keystore.DecryptFileAsync(keyPath, passPhrasePath, cancellationToken);

            Assert.Equal(key.Address, result.Key?.Address);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Changed(byte[] file, Action<JsonNode> change)
    {
        var root = JsonNode.Parse(file)!;
        change(root);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }
}

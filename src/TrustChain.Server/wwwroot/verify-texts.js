// Sentences of the verification in the browser, English and Chinese side by side. Reason codes are those of the command-line verifier.

const names = {
  bundle: ["Evidence file", "证据文件"],
  identity: ["Log, chain and contract", "日志、公链与合约"],
  checkpoint: ["Signature of the log", "日志签名"],
  witness: ["Cosignatures of witnesses", "见证人联签"],
  anchor: ["Anchor on the public chain", "公链存证"],
  timestamp: ["Timestamps", "可信时间戳"],
  inclusion: ["Entries in the log", "条目在日志中"],
  key: ["Signing keys", "签名密钥"],
  keyHistory: ["How the keys came about", "密钥的由来"],
  record: ["Records", "记录"],
  signature: ["Signatures of the statements", "陈述的签名"],
  event: ["Content of the steps", "环节内容"],
  eventHash: ["Event hashes", "事件哈希"],
  device: ["Which device it is", "设备身份"],
  keyStatus: ["Keys not revoked", "密钥未被撤销"],
  anchored: ["Records under an anchor", "记录已被存证覆盖"],
  status: ["Certificates, recalls and devices", "证书、召回与设备"],
  deviceHistory: ["How the devices' keys came about", "设备密钥的由来"],
};

const passed = {
  identity: ["The evidence is of the log {origin} that this service names", "证据出自本平台所称的日志 {origin}"],
  checkpoint: ["The log signed a tree of {size} entries", "日志签署了含 {size} 条的树"],
  witness: ["{count} trusted witnesses cosigned this tree", "{count} 个可信见证人联签了此树"],
  anchor: ["The root of {size} entries is on the chain since block {block} of {time}", "前 {size} 条的根自区块 {block}({time})起已在链上"],
  inclusion: ["All {count} entries of the evidence are in the log", "证据中的 {count} 个条目都在日志中"],
  key: ["The key of {name} was admitted by entry {index}", "{name} 的密钥由第 {index} 条登记"],
  keyHistory: ["The organisation's key entries are all there and follow the rules", "该单位的密钥条目齐全且合乎规则"],
  record: ["The record is what entry {index} of the log commits to", "记录与日志第 {index} 条一致"],
  signature: ["Signed by {name}, {custody}", "由{name}签名，{custody}"],
  event: ["The content is what was signed", "内容与签名时一致"],
  device: ["The key was admitted for {device}, and the content is about it", "密钥为设备 {device} 登记，内容与该设备相符"],
  keyStatus: ["The key is not revoked as of {size} entries", "截至第 {size} 条，密钥未被撤销"],
  anchored: ["The record lies below an anchored size", "记录在已存证的范围之内"],
  status: ["Signed by {name} and in the log as entry {index}", "由{name}签名，为日志第 {index} 条"],
  deviceHistory: ["The device's entries are all there and follow the rules", "该设备的条目齐全且合乎规则"],
  keyChange: ["Entry {index} of the log changes a key", "日志第 {index} 条变更了密钥"],
};

const reasons = {
  "bundle-malformed": ["The file is not well-formed: {why}", "文件格式不正确：{why}"],
  "no-trust-file": ["There is nothing trusted to compare with", "缺少可信的比对依据"],
  "foreign-log": ["The evidence is of another log, chain or contract", "证据出自其他日志、公链或合约"],
  "checkpoint-malformed": ["The signed tree head is not well-formed", "已签名的树头格式不正确"],
  "checkpoint-signature-invalid": ["The tree head is not signed by the log", "树头的签名不属于该日志"],
  "algorithm-not-available": ["This browser lacks {algorithm}", "此浏览器不支持 {algorithm}"],
  "event-hash-not-computed": ["The browser does not recompute event hashes; the command-line verifier does", "浏览器不重新计算事件哈希，命令行工具会计算"],
  "witness-missing": ["{count} of the trusted witnesses cosigned this tree; {quorum} are needed", "有 {count} 个可信见证人联签，需要 {quorum} 个"],
  "witness-signature-invalid": ["A line in the name of a trusted witness is not its cosignature", "以可信见证人名义的联签不属于该见证人"],
  "no-timestamp-authority": ["No timestamp authority is trusted here", "此处没有可信的时间戳机构"],
  "anchor-pending": ["The public anchor follows within minutes", "公链存证将在几分钟内完成"],
  "chain-unreachable": ["The chain node did not answer: {why}", "公链节点没有应答：{why}"],
  "chain-mismatch": ["The anchor is on another chain or contract than the log names", "存证所在的链或合约与日志所称不符"],
  "registry-missing": ["There is no contract at the address", "该地址没有合约"],
  "registry-origin-mismatch": ["The contract belongs to another log", "合约属于其他日志"],
  "anchor-not-found": ["The contract holds no root for this size", "合约中没有此规模的根"],
  "anchor-root-mismatch": ["The contract holds another root", "合约中的根与证据不符"],
  "anchor-transaction-mismatch": ["The transaction is not in the block that the anchor names", "交易不在所称的区块中"],
  "anchor-transaction-not-found": ["The root is on the chain, but this node does not know the transaction", "根已在链上，但该节点查不到交易"],
  "anchor-inconsistent": ["The signed tree does not continue the anchored one: the log shows two histories", "已签名的树不是已存证的树的延续：日志出现两个版本"],
  "inclusion-proof-invalid": ["The proof does not lead from these entries to the root of the log", "证明无法从条目推导到日志的根"],
  "key-altered": ["The key entry is not what the log holds", "密钥条目与日志不一致"],
  "key-malformed": ["The entry does not admit a key of a known kind", "条目未登记已知类型的密钥"],
  "key-history-missing": ["The evidence lacks the key entry {index}, on which this one builds", "证据中缺少其所依据的密钥条目 {index}"],
  "key-unauthorised": ["Key entry {index} breaks the rules: no key of the organisation agreed, or there are two histories", "密钥条目 {index} 违反规则：没有该单位密钥的同意，或历史出现分叉"],
  "key-recovered": ["The organisation lost its keys and the operator replaced them after a delay: the operator vouches for the name", "该单位丢失密钥后由运营方延时更换：名称由运营方担保"],
  "key-missing": ["The evidence lacks the key entry", "证据中缺少密钥条目"],
  "key-mismatch": ["The signature names another key than the record", "签名与记录所称的密钥不一致"],
  "key-revoked": ["The key had been revoked before", "密钥此前已被撤销"],
  "key-compromised": ["The key was reported to be in wrong hands", "密钥已被报告泄露"],
  "record-altered": ["The record is not what the log commits to", "记录与日志不一致"],
  "record-malformed": ["The record is not well-formed", "记录格式不正确"],
  "statement-missing": ["The statement is not in the evidence: it may show more than you may see", "证据中没有该陈述：其中可能含有您无权查看的内容"],
  "statement-altered": ["The statement is not the one that the record names", "陈述与记录所称不一致"],
  "statement-malformed": ["The statement is not well-formed", "陈述格式不正确"],
  "signature-invalid": ["The signature is not that of the key", "签名与密钥不符"],
  "audience-mismatch": ["The statement was not made for this log", "陈述不是为此日志作出的"],
  "event-altered": ["The content is not what was signed", "内容与签名时不一致"],
  "event-missing": ["The content is not in the evidence", "证据中没有内容"],
  "erased": ["The content was erased", "内容已删除"],
  "kind-unknown": ["This verifier does not know this kind of notice", "此核验工具不认识这类公告"],
  "status-altered": ["The notice is not what the log holds", "公告与日志不一致"],
  "status-signature-invalid": ["The signature of the notice is not that of the key", "公告的签名与密钥不符"],
  "device-malformed": ["The entry is no step in a device's life that is known", "条目不是已知类型的设备条目"],
  "device-proof-invalid": ["The device's new key has not shown that it is held", "设备的新密钥未证明由该设备持有"],
  "device-mismatch": ["The content is about another device than the key was admitted for", "内容所涉设备与密钥登记的设备不符"],
  "device-salt-missing": ["The evidence does not say which device it is: you may not see it", "证据未表明是哪台设备：您可能无权查看"],
  "device-history-missing": ["The evidence lacks the device entry {index}, on which this one builds", "证据中缺少其所依据的设备条目 {index}"],
  "device-unauthorised": ["Device entry {index} breaks the rules: nobody who may agreed, or there are two histories", "设备条目 {index} 违反规则：没有有权者的同意，或历史出现分叉"],
  "depends-on-failed-check": ["Another check it rests on did not pass", "其所依据的另一项核验未通过"],
};

// Where a check says a reason in its own words.
const ownReasons = {
  "eventHash algorithm-not-available": reasons["event-hash-not-computed"],
  "deviceHistory key-history-missing": reasons["device-history-missing"],
  "deviceHistory key-unauthorised": reasons["device-unauthorised"],
};

const words = {
  passed: ["Passed", "通过"],
  failed: ["Failed", "不符"],
  "could-not-check": ["Could not check", "无法核验"],
  self: ["with a key of its own", "使用自持密钥"],
  custodial: ["with a key held by this service", "使用平台代管密钥"],
  imported: ["with a key held by this service, from another system", "使用平台代管密钥，由其他系统导入"],
  fetching: ["Fetching the evidence …", "正在获取证据……"],
  asking: ["Asking the chain node …", "正在访问公链节点……"],
  checking: ["Checking …", "正在核验……"],
  resultFailed: ["Do not rely on this. Failed checks: {count}. Keep the product and its packaging, and tell the seller or producer.", "请勿采信。有 {count} 项核验不符。请保留产品与包装，并告知销售者或生产企业。"],
  resultUnsure: ["{passed} checks passed, none failed; {unknown} could not be done just now. This is not a sign of a problem with the product.", "{passed} 项通过，没有不符；{unknown} 项目前无法核验。这不代表产品有问题。"],
  resultPassed: ["All {passed} checks that a browser can do passed.", "浏览器能做的 {passed} 项核验全部通过。"],
  notDone: ["What was not checked here: whether the event hashes fit the content ({count}; only the command-line verifier recomputes them), and whether what was stated is true.", "此处未核验：事件哈希是否与内容相符({count} 项，仅命令行工具会重新计算)，以及陈述本身是否属实。"],
  independence: ["This page, its script, the trust facts and the chain address came from the operator. Only a verifier you obtained elsewhere is independent.", "本页、核验脚本、信任信息与公链节点地址均由运营方提供。只有从别处取得的核验工具才是独立的。"],
  more: ["The first {count} parts of the evidence were checked; there is more.", "已核验证据的前 {count} 部分，后面还有。"],
  insecure: ["This browser offers no cryptography to this page, because the address does not begin with https. Nothing was checked. Open the page over https, or use the command below.", "由于地址不是 https，浏览器未向本页提供密码学功能，未做任何核验。请以 https 打开本页，或使用下面的命令。"],
  noEvidence: ["The evidence could not be fetched ({why}). Nothing was checked. Try again in a minute; this is not a sign of a problem with the product.", "无法获取证据({why})，未做任何核验。请一分钟后再试；这不代表产品有问题。"],
  noRpc: ["no chain node is configured", "未配置公链节点"],
  each: ["Show each of the {count}", "逐项查看（{count}）"],
  again: ["Verify again", "重新核验"],
  part: ["part {n}", "第 {n} 部分"],
  anchors: ["anchor", "存证"],
  timestamps: ["timestamp", "时间戳"],
  keys: ["key", "密钥"],
  records: ["record", "记录"],
  status: ["notice", "公告"],
};

/** Texts of a language, "zh" or "en". Placeholders are filled from an object; what is missing stays away. */
export function textsOf(language) {
  const of = language === "zh" ? 1 : 0;
  const fill = (pair, values = {}) => pair[of].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "…");
  return {
    word: (key, values) => fill(words[key], values),
    name: (check) => fill(names[check.name]),
    subject(check) {
      const [, list, index] = /^(\w+)\[(\d+)\]$/.exec(check.subject) ?? [];
      return list ? `${fill(words[list])} ${Number(index) + 1}` : "";
    },
    message(check) {
      const values = { ...check.values };
      if (check.name === "key" && check.code === null && !values.name) {
        return fill(passed.keyChange, values); // an entry that ends or announces a key
      }
      if (values.custody) {
        values.custody = fill(words[values.custody]);
      }
      if (check.code !== null) {
        return fill(ownReasons[`${check.name} ${check.code}`] ?? reasons[check.code], values);
      }
      return fill(passed[check.name === "status" && values.name === undefined ? "keyChange" : check.name], values);
    },
  };
}

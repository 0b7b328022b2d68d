// node epcis2-client.mjs <EPCIS base address> <API key> <GS1 company prefix of seven digits>
// A client that knows only epcis2.js: builds a document of all standard event types with its classes, validates it, computes the event hashes, captures it, follows the
// capture job, and asks for the events again. Writes one JSON object of what it saw; what that has to be is the test's business.
import { createRequire } from "node:module";

const {
  AggregationEvent, AssociationEvent, BizLocation, BizTransactionElement, CaptureResponse, DestinationElement, EPCISDocument, Ilmd, ObjectEvent, QuantityElement, ReadPoint,
  SensorElement, SensorMetadata, SensorReportElement, SourceElement, TransactionEvent, TransformationEvent, capture, cbv, eventToHashedId, objectToEvent, setup,
  validateEpcisDocument,
} = createRequire(import.meta.url)("epcis2.js");

const [apiUrl, apiKey, prefix] = process.argv.slice(2);
const authorization = `Bearer ${apiKey}`;
setup({ apiUrl, headers: { "content-type": "application/json", authorization }, validationMode: "full", documentValidation: true });

const namespace = { example: "https://ns.example.com/tea/" };
const standard = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
const tin = serial => `urn:epc:id:sgtin:${prefix}.000101.${serial}`;
const lot = number => `urn:epc:class:lgtin:${prefix}.000102.${number}`;
const place = number => `urn:epc:id:sgln:${prefix}.0000${number}.0`;

function common(event, minute) {
  return event.setEventTime(`2026-04-05T08:${minute}:30.125+08:00`).setReadPoint(new ReadPoint().setId(place(1)));
}

const commissioning = common(new ObjectEvent(), "00").setAction(cbv.actionTypes.add).setBizStep(cbv.bizSteps.commissioning).setDisposition(cbv.dispositions.active)
  .addEPCList([tin(1), tin(2)]).setBizLocation(new BizLocation().setId(place(2)))
  .setIlmd(new Ilmd().addExtension("example:cultivar", "Longjing 43").addExtension("example:grams", 125.50));

const sensing = common(new ObjectEvent(), "10").setAction(cbv.actionTypes.observe).setBizStep(cbv.bizSteps.sensor_reporting).addEPC(tin(1))
  .addSensorElement(new SensorElement().setSensorMetadata(new SensorMetadata().setTime("2026-04-05T08:10:00.000+08:00"))
    .addSensorReport(new SensorReportElement().setType("Temperature").setValue(26.0).setUom("CEL"))
    .addSensorReport(new SensorReportElement().setType("RelativeHumidity").setValue(12.1).setUom("A93")));

const transformation = common(new TransformationEvent(), "20").setBizStep(cbv.bizSteps.commissioning)
  .addInputQuantity(new QuantityElement().setEpcClass(lot("A")).setQuantity(2.5).setUom("KGM"))
  .addOutputQuantity(new QuantityElement().setEpcClass(lot("B")).setQuantity(1).setUom("KGM"));

const transaction = common(new TransactionEvent(), "30").setAction(cbv.actionTypes.add).setBizStep(cbv.bizSteps.shipping).addEPC(tin(2))
  .addBizTransaction(new BizTransactionElement().setType(cbv.businessTransactionTypes.po).setBizTransaction("urn:epc:id:gdti:" + prefix + ".00002.7"))
  .addSource(new SourceElement().setType(cbv.sourceDestinationTypes.owning_party).setSource(`urn:epc:id:pgln:${prefix}.00001`))
  .addDestination(new DestinationElement().setType(cbv.sourceDestinationTypes.owning_party).setDestination("urn:epc:id:pgln:9521987.00001"));

const association = common(new AssociationEvent(), "40").setAction(cbv.actionTypes.add).setBizStep(cbv.bizSteps.assembling)
  .setParentId(`urn:epc:id:grai:${prefix}.00003.1`).addChildEPC(`urn:epc:id:giai:${prefix}.sensor-1`);

const aggregation = common(new AggregationEvent(), "50").setAction(cbv.actionTypes.add).setBizStep(cbv.bizSteps.packing)
  .setParentId(`urn:epc:id:sscc:${prefix}.0000000001`).addChildEPCList([tin(1), tin(2)]);

const events = [commissioning, sensing, transformation, transaction, association, aggregation];
const hashes = events.map(event => eventToHashedId(event.toObject(), namespace));
commissioning.setEventID(hashes[0]); // the hash as the eventID
sensing.setEventID("urn:uuid:0b1a0c52-7b2c-4dcd-9e2c-3f7a4b1c8e01"); // any other; the rest have none

const document = new EPCISDocument().setContext([standard, namespace]).setCreationDate("2026-04-05T09:00:00Z").addEventList(events);
document.isValid(); // throws when it is not

const response = await capture(document);
const body = await response.clone().json();
const job = new CaptureResponse(response);
await job.pollForTheCaptureToFinish(5, 100);

async function ask(path, headers = {}) {
  const answer = await fetch(`${apiUrl}${path}`, { headers: { authorization, ...headers } });
  const answered = await answer.json();
  const list = answered.epcisBody?.queryResults.resultsBody.eventList ?? [];
  return {
    path,
    status: answer.status,
    validation: validateEpcisDocument(answered, false),
    hashes: list.map(event => {
      const context = Object.assign({}, ...[event["@context"] ?? []].flat().filter(entry => typeof entry === "object"));
      const { "@context": _, ...members } = event;
      return eventToHashedId(objectToEvent(members).toObject(), context);
    }),
    documentIsValid: new EPCISDocument(answered).isValid(),
  };
}

const answers = [
  await ask("/events?perPage=100&orderBy=eventTime&orderDirection=ASC"),
  await ask("/events?perPage=100&orderBy=eventTime&orderDirection=ASC", { "GS1-EPC-Format": "Always_EPC_URN" }),
  await ask("/events?perPage=100&orderBy=eventTime&orderDirection=ASC", { "GS1-EPC-Format": "Never_Translates" }),
];
for (const id of body.events.map(event => event.eventID)) {
  answers.push(await ask(`/events/${encodeURIComponent(id)}`));
}
answers.push(await ask(`/epcs/${encodeURIComponent(tin(1))}/events`));
answers.push(await ask(`/events?MATCH_anyEPC=${encodeURIComponent(tin(2))}`));

console.log(JSON.stringify({
  status: response.status, location: job.getLocation(), running: job.getRunningStatus(), success: job.getSuccessStatus(), errors: job.getErrors(), body, hashes, answers,
}));

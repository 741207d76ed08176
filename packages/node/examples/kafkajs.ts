/** Kafka through kafkajs. */
import { kafkaSocketFactory } from '@ferrule/node/adapters/kafkajs';
import type { TlsConnector } from '@ferrule/node/duplex';
import { Kafka, logLevel } from 'kafkajs';

export async function sendAndReceive(
  connector: TlsConnector,
  host: string,
  port: number,
  value: string,
): Promise<string | undefined> {
  const kafka = new Kafka({
    brokers: [`${host}:${port}`],
    ssl: true,
    socketFactory: kafkaSocketFactory(connector),
    logLevel: logLevel.NOTHING,
  });
  const topic = `ferrule-${process.hrtime.bigint()}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const received = await new Promise<Buffer | null>(
    (resolve) => void consumer.run({ eachMessage: ({ message }) => Promise.resolve(resolve(message.value)) }),
  );
  await consumer.disconnect();
  return received?.toString();
}

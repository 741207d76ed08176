import { describeBackend } from '@ferrule/conformance';
import { createNative } from '@ferrule/native';

await describeBackend(createNative);

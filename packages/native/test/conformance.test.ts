import { byTheBook, describeBackend, suite } from '@ferrule/conformance';
import { createNative } from '@ferrule/native';

await describeBackend(createNative, { groups: [...suite, ...byTheBook] });

/** The walls between the rooms, as docs/architecture.md draws them. Each rule says which door to take instead. */

const { readdirSync } = require('node:fs');

/** What each package may use, and what to do when that is not enough. */
const rooms = {
  protocol: { uses: [], door: 'Protocol is at the bottom: what it needs of others belongs in a contract of its own.' },
  core: {
    uses: ['protocol'],
    door: 'Core knows only protocol. Declare a port in core/src/ports, and let a runtime bring the adapter.',
  },
  store: {
    uses: ['core', 'protocol'],
    door: 'An adapter implements ports of @aideals/core and knows nothing above them: the runtime passes in what it needs.',
  },
  bus: {
    uses: ['core', 'protocol'],
    door: 'An adapter implements ports of @aideals/core and knows nothing above them: the runtime passes in what it needs.',
  },
  'aws-api': {
    uses: ['protocol'],
    door: 'Only the form of AWS calls lives here: take callbacks, and let the server or the local gateway act.',
  },
  server: {
    uses: ['core', 'protocol', 'store', 'bus', 'aws-api'],
    door: 'The runtime composes core with adapters. Clients and commands stand above it: move what they share into protocol or core.',
  },
  lambda: {
    uses: ['core', 'protocol', 'store', 'bus'],
    door: 'The two runtimes do not know each other: move what they share into core.',
  },
  client: {
    uses: [],
    door: 'The client has no dependency at run time: import src/generated/wire.ts, which `npm run generate` derives from the contracts.',
  },
  console: { uses: ['client'], door: 'The page talks to the server as any client does: over @aideals/client.' },
  conformance: {
    uses: ['protocol', 'aws-api', 'local-cluster', 'local-gateway'],
    door: 'The suite is a stranger to the server: it speaks the wire and reads the contracts, nothing else.',
  },
  simulation: {
    uses: ['core', 'protocol'],
    door: 'A simulation brings its own clock, store and network, and nothing that touches the outside.',
  },
  faults: {
    uses: ['protocol', 'client', 'conformance', 'local-cluster', 'local-gateway'],
    door: 'Faults are done to the built command from outside: start it, and look at the wire, the process and the disk.',
  },
  'local-cluster': {
    uses: [],
    door: 'It starts the built command and the services beside it as processes, and carries bytes between them.',
  },
  'local-gateway': {
    uses: ['protocol', 'aws-api'],
    door: 'API Gateway knows no engine: it has routes, functions and connections, and runs what it is given.',
  },
  cli: {
    uses: [
      'server',
      'core',
      'protocol',
      'client',
      'conformance',
      'store',
      'bus',
      'console',
      'local-cluster',
      'local-gateway',
    ],
    door: 'The command may use every room but lambda and infra: these are deployed, not run here.',
  },
  infra: { uses: ['protocol'], door: 'Routes and functions come from the contracts: read @aideals/protocol.' },
};

const TEST = '\\.test\\.tsx?$|/testing/';
const CORE = '^packages/core/src/';
const all = Object.keys(rooms);

const homeless = readdirSync('packages').find((name) => !all.includes(name));
if (homeless !== undefined) throw new Error(`packages/${homeless}: say in .dependency-cruiser.cjs what it may use`);

const walls = all.map((room) => ({
  name: `${room}-uses-only-${rooms[room].uses.join('-') || 'itself'}`,
  comment: rooms[room].door,
  severity: 'error',
  from: { path: `^packages/${room}/`, pathNot: TEST },
  to: { path: `^packages/(${all.filter((other) => other !== room && !rooms[room].uses.includes(other)).join('|')})/` },
}));

/** Rooms inside core: what a room may not reach. */
const inside = (name, from, to, door) => ({
  name: `core-${name}`,
  comment: door,
  severity: 'error',
  from: { path: `${CORE}${from}`, pathNot: TEST },
  to: { path: `${CORE}${to}`, dependencyTypesNot: ['type-only'] },
});

/** A library that only one place may touch. */
const only = (library, place, door) => ({
  name: `only-${place.replace(/\W+/g, '-')}-uses-${library}`,
  comment: door,
  severity: 'error',
  from: { path: '^packages/', pathNot: [`^packages/(${place})/`, TEST] },
  to: { path: `^node_modules/${library}/` },
});

module.exports = {
  forbidden: [
    ...walls,
    inside(
      'actions-stand-alone',
      '(actions|calls)/',
      '(actions|calls|generated|engine|memory)/',
      'An action does not call another: put what they share into the feature that both use.',
    ),
    inside(
      'features-do-not-act',
      'features/',
      '(actions|calls|generated|engine|memory)/',
      'A feature is used by actions and by the engine, not the other way round: return what shall happen.',
    ),
    {
      name: 'core-features-do-not-meet',
      comment:
        'Features do not import each other: they meet in the engine. Take a function as a parameter, and let the engine pass it in.',
      severity: 'error',
      from: { path: `${CORE}features/([^/.]+)`, pathNot: [TEST, `${CORE}features/features\\.ts$`] },
      to: { path: `${CORE}features/`, pathNot: `${CORE}features/$1(/|\\.|-)`, dependencyTypesNot: ['type-only'] },
    },
    inside(
      'delivery-carries',
      'delivery/',
      '(features|actions|calls|generated|engine|memory)/',
      'Delivery stores and sends for any feature: take the decision as a value.',
    ),
    inside(
      'rules-know-no-features',
      '(match|auth|limits)/',
      '(features|actions|calls|generated|engine|memory)/',
      'Matching, authentication and limits are decisions: they take values and return values.',
    ),
    inside(
      'ports-know-nothing',
      'ports/',
      '(?!ports/)',
      'A port is a plain interface: its types are its own, or the contracts’.',
    ),
    inside(
      'memory-implements-ports',
      'memory/',
      '(features|actions|calls|generated|engine|auth)/',
      'A memory adapter implements a port like any other adapter: it knows ports and pure decisions.',
    ),
    inside(
      'no-adapter-within',
      '(?!memory/|contract/)',
      'memory/',
      'Core works on ports: whoever makes the engine passes the adapters in.',
    ),
    inside(
      'contract-suites-are-for-tests',
      '(?!contract/)',
      'contract/',
      'Contract suites are imported by tests alone.',
    ),
    {
      name: 'only-the-registry-knows-all',
      comment: 'Contracts are found through the generated registry: import from registry.ts.',
      severity: 'error',
      from: { path: '^packages/protocol/src/', pathNot: [TEST, '^packages/protocol/src/generated/'] },
      to: { path: '^packages/protocol/src/(actions|pushes|calls)/' },
    },
    only('lmdb', 'store', 'The embedded store is one adapter: use the Table or Streams port.'),
    only(
      '(fastify|@fastify)',
      'server',
      'HTTP is the server’s: declare a contract in protocol/src/calls, and it is served.',
    ),
    only(
      'ws',
      'server|cli|conformance|faults|local-gateway',
      'Sockets live in server/src; a client is given its WebSocket.',
    ),
    only(
      'zod',
      'protocol|server|infra',
      'Shapes are declared in protocol, and settings in the server and the CDK app: everyone else is handed parsed values.',
    ),
    {
      name: 'runs-anywhere',
      comment:
        'Protocol, core and client run in any JavaScript runtime: what needs Node comes in through a port or an option.',
      severity: 'error',
      from: { path: '^packages/(protocol|core|client)/src/', pathNot: [TEST, `${CORE}contract/`] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one idea, or a third is missing between them.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-tests-in-production',
      comment: 'What is tested does not know its test.',
      severity: 'error',
      from: { pathNot: [TEST, '^scripts/'] },
      to: { path: TEST },
    },
    {
      name: 'only-what-is-there',
      comment: 'The import leads nowhere: is the name right, and does package.json list it?',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-what-is-declared',
      comment: 'List the package in the package.json of the one that uses it (npm i -E -w @aideals/… name@version).',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TEST, `${CORE}contract/`] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-package-in-production',
      comment: 'What runs needs the package as a dependency, not as a development dependency.',
      severity: 'error',
      from: { path: '^packages/(?!console)[^/]+/src/', pathNot: [TEST, `${CORE}contract/`, '\\.contract\\.ts$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@aideals/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};

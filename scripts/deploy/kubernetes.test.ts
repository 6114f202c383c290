/** The manifests are what Kubernetes takes, and say the same things as the server's settings do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../deploy/kubernetes');
const read = (name: string) => parse(readFileSync(join(folder, name), 'utf8'), { strict: true, uniqueKeys: true });
const names = readdirSync(folder).filter((name) => name !== 'kustomization.yaml');

const groups: Readonly<Record<string, () => Promise<object>>> = {
  v1: () => import('kubernetes-models/v1'),
  'apps/v1': () => import('kubernetes-models/apps/v1'),
  'autoscaling/v2': () => import('kubernetes-models/autoscaling/v2'),
  'networking.k8s.io/v1': () => import('kubernetes-models/networking.k8s.io/v1'),
  'policy/v1': () => import('kubernetes-models/policy/v1'),
};

/** The class of a kind, which knows its schema. */
const modelOf = async (apiVersion: string, kind: string) => {
  const models = (await groups[apiVersion]?.()) as Readonly<Record<string, unknown>> | undefined;
  return models?.[kind] as new (
    manifest: object,
  ) => { validate(): void };
};

test.each(names)('%s is valid by the schema of its kind', async (name) => {
  const manifest = read(name);
  const Model = await modelOf(manifest.apiVersion, manifest.kind);
  expect(() => new Model(manifest).validate()).not.toThrow();
});

/** Misspelt fields, which the schemas let pass, as the compiler finds them against the types of the kinds. */
const strangers = (manifests: readonly { apiVersion: string; kind: string }[]): readonly string[] => {
  const file = join(import.meta.dirname, 'manifests.ts');
  const source = manifests
    .map((manifest, i) => {
      const { apiVersion, kind } = manifest;
      return `import type { I${kind} as T${i} } from 'kubernetes-models/${apiVersion}';\nexport const m${i}: T${i} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, language, ...rest) =>
    name === file ? ts.createSourceFile(name, source, language) : getSourceFile(name, language, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
};

test('no manifest has a field that its kind has not, and one that had would be found', () => {
  expect(strangers(names.map(read))).toEqual([]);
  const wrong = read('deployment.yaml');
  wrong.spec.template.spec.containers[0].livenessProbe.httpGet.prot = 1;
  expect(strangers([wrong]).join()).toContain('"prot"');
}, 60_000);

test('the kustomization names every manifest but the secret, which is to be filled', () => {
  expect([...read('kustomization.yaml').resources].sort()).toEqual(
    names.filter((name) => name !== 'secret.example.yaml').sort(),
  );
});

describe('what belongs together', () => {
  const pod = read('deployment.yaml').spec.template.spec;
  const [container] = pod.containers;
  const settings = read('settings.yaml').data;
  const labels = read('deployment.yaml').spec.template.metadata.labels;

  test('the drain ends before the pod is killed', () => {
    const preStop = Number(/(\d+)\)$/u.exec(container.lifecycle.preStop.exec.command.at(-1))?.[1]) / 1000;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(preStop + Number(settings.AIDEALS_DRAIN_SECONDS) + 5);
  });

  test('all select the pods of the deployment', () => {
    expect(read('deployment.yaml').spec.selector.matchLabels).toEqual(labels);
    expect(read('service.yaml').spec.selector).toEqual(labels);
    expect(read('disruption-budget.yaml').spec.selector.matchLabels).toEqual(labels);
    expect(read('network-policy.yaml').spec.podSelector.matchLabels).toEqual(labels);
    expect(read('autoscaler.yaml').spec.scaleTargetRef.name).toBe(read('deployment.yaml').metadata.name);
  });

  test('a pod may do nothing that it need not', () => {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('nodes are added before they are full', () => {
    const [{ pods }] = read('autoscaler.yaml').spec.metrics;
    expect(Number(pods.target.averageValue)).toBeLessThan(Number(settings.AIDEALS_MAX_CONNECTIONS) * 0.7);
  });

  test('probes ask for what the server answers', () => {
    expect(container.livenessProbe.httpGet.path).toBe('/healthz');
    expect(container.readinessProbe.httpGet.path).toBe('/readyz');
    expect(container.ports[0].name).toBe(container.readinessProbe.httpGet.port);
    expect(read('service.yaml').spec.ports[0].targetPort).toBe(container.ports[0].name);
  });
});

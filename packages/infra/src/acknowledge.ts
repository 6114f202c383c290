import { Stack, Validations } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/**
 * Says why a rule of AWS Solutions is not kept here. The argument stands in the code, beside what it is about. `finding` is the
 * one of several that a rule finds on a resource.
 */
export const acknowledge = (construct: IConstruct, rule: string, reason: string, finding?: string): void => {
  const id = `AwsSolutions::AwsSolutions-${rule}${finding === undefined ? '' : `[${finding}]`}`;
  Validations.of(construct).acknowledge({ id, reason });
};

/** What CloudFormation will put together, with references in angle brackets, as the rules write it. */
export const flat = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const { Ref: ref, 'Fn::Join': join, 'Fn::GetAtt': attribute } = value as Record<string, unknown>;
  if (ref !== undefined) return `<${ref}>`;
  if (attribute !== undefined) return `<${(attribute as readonly string[]).join('.')}>`;
  const [between, parts] = join as readonly [string, readonly unknown[]];
  return parts.map(flat).join(between);
};

/** Says why a statement has a wildcard: one argument for each of its resources that has one. */
export const acknowledgeWildcards = (construct: IConstruct, statement: PolicyStatement, reason: string): void => {
  for (const resource of statement.resources) {
    const text = flat(Stack.of(construct).resolve(resource));
    if (text.includes('*')) acknowledge(construct, 'IAM5', reason, `Resource::${text}`);
  }
};

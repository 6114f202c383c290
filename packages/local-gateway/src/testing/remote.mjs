/** A function whose test decides what it answers: it asks `TEST_URL`, and does as it is told. */
let invocations = 0;

export const handler = async (event, context) => {
  invocations += 1;
  const { awsRequestId, functionName, invokedFunctionArn } = context;
  const response = await fetch(process.env['TEST_URL'], {
    method: 'POST',
    body: JSON.stringify({ event, functionName, requestId: awsRequestId, arn: invokedFunctionArn, invocations }),
  });
  const { result, error } = await response.json();
  if (error !== undefined) throw Object.assign(new Error(error), { name: 'TestError' });
  return result;
};

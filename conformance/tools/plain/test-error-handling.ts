import { kamiTool, ToolError } from 'kami-guest';

export default kamiTool({
  description: 'Fails, always.',
  input: { type: 'object', properties: {} },
  handler() {
    throw new ToolError('This tool fails whenever it is called.');
  },
});

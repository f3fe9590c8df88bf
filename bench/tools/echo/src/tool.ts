import { kamiTool } from 'kami-guest';
import { echo } from '../../../work/echo.ts';
import { echoInput } from '../../../work/schemas.ts';

export default kamiTool({ description: 'Sends a message back.', input: echoInput, handler: echo });

import { clearTimeout, setInterval, setTimeout } from "mayfly:timers";

const clearInterval = clearTimeout;
export { clearInterval, clearTimeout, setInterval, setTimeout };
export default { clearInterval, clearTimeout, setInterval, setTimeout };

import { URLSearchParams } from "mayfly:search_params";
import { URL } from "mayfly:url";

export { URL, URLSearchParams };
export const fileURLToPath = (url) => decodeURIComponent(new URL(url).pathname);
export const pathToFileURL = (path) => new URL(`file://${path}`);
export default { URL, URLSearchParams, fileURLToPath, pathToFileURL };

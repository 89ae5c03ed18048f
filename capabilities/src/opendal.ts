/** OpenDAL under the blob and kv contracts, on Node. */
export {}

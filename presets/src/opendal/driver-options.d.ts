/** The number, when it is whole and within the bounds; `Misconfigured` otherwise. */
export declare function checkedInteger(name: string, value: number, least: number, most: number): number
//# sourceMappingURL=driver-options.d.ts.map

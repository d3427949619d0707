/** How a text file is cut into rows and columns. */
export interface TextFormat {
  /** Between the columns; one or more characters. */
  readonly delimiter: string;
  /** True: RFC 4180 quotes. False: a quote is a letter like any other. */
  readonly quoted: boolean;
  readonly encoding: "utf-8" | "latin-1";
  /** True: the first row names the columns, in any order. */
  readonly header: boolean;
  /** The columns that the file must have; without a header, all of them in their order. */
  readonly columns: readonly string[];
  /** The columns that may be absent; without a header, they follow `columns`. */
  readonly optional?: readonly string[];
  /** True where a row without its last value is a row cut in half, if the file ends there without a line end. */
  readonly lastValueExpected?: boolean;
}

/** The encoding as people and standards call it. */
export const encodingNames = { "utf-8": "UTF-8", "latin-1": "ISO-8859-1" } as const;

/** Longest line that is read, in bytes; longer ones mean that the file is no such text. */
export const lineBytesMax = 1_048_576;

/** Given in place of a run's input: the answer exists already, such as a recorded one. The run ends and no node starts. */
export class Answered {
  readonly answer: unknown

  constructor(answer: unknown) {
    this.answer = answer
  }
}

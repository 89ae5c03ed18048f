/** What Google's token service answered. */
import { CapabilityError } from '@flowport/capabilities'

/** The JSON of the answer, `null` for any other text. `Unavailable` when the answer comes incomplete. */
export async function tokenAnswer(response: Response): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    throw new CapabilityError(
      'Unavailable',
      "the answer of Google's token service came incomplete; try again",
      { cause: error },
    )
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

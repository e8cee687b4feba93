/**
 * The reason why Go's parser rejects a certificate; the message is the string that Go prints. The parser
 * throws instead of returning results, because checking a result after each of thirty steps would obscure the
 * parser.
 */
export class Refusal extends Error {
  override name = 'Refusal'
}

/**
 * Why Go's parser refuses a certificate; the message is the text that Go prints. Thrown only inside the
 * parser and caught only by `parseCertificate`: a parser of thirty steps with a return for each would bury
 * what is read.
 */
export class Refusal extends Error {
  override name = 'Refusal'
}

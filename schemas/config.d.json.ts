declare const schema: object
export default schema

internal import FoundationEssentials

/// JSON to and from bytes (RFC 8259), for messages and for the agent's own files.
enum JSONBytes {
    static func encode(_ value: some Encodable) throws(JSONError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(value))
        } catch {
            throw JSONError(what: "a message cannot be written as JSON: \(error)")
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws(JSONError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw JSONError(what: "not the JSON of \(type): \(error)")
        }
    }
}

/// JSON that is not what it should be. The text names the field and never quotes a secret.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    let what: String
    package var description: String { what }
}

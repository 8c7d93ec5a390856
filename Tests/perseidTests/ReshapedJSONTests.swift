import Administration
import Foundation
import Testing
import Yams

@testable import perseid

/// What comes of JSON bytes, against Foundation's encoder and a YAML reader.
@Suite struct ReshapedJSONTests {
    /// Of every kind that JSON has.
    private indirect enum Value: Codable, Hashable {
        case text(String)
        case number(Int)
        case flag(Bool)
        case list([Value])
        case object([String: Value])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let found = try? value.decode(Bool.self) {
                self = .flag(found)
            } else if let found = try? value.decode(Int.self) {
                self = .number(found)
            } else if let found = try? value.decode(String.self) {
                self = .text(found)
            } else if let found = try? value.decode([Value].self) {
                self = .list(found)
            } else {
                self = .object(try value.decode([String: Value].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .text(let found): try value.encode(found)
            case .number(let found): try value.encode(found)
            case .flag(let found): try value.encode(found)
            case .list(let found): try value.encode(found)
            case .object(let found): try value.encode(found)
            }
        }
    }

    private static let values: [Value] = [
        .object([
            "name": .text("n001"), "version": .number(17), "on": .flag(true), "empty": .object([:]), "none": .list([]),
            "fields": .object(["comment": .text("yes"), "mac": .text("52:54:00:00:00:01"), "groups": .text("a,b")]),
            "list": .list([
                .text("x"), .object(["name": .text("inner"), "b": .list([.number(-1)])]), .list([.text("")]),
            ]),
        ]),
        .object([
            "name": .text("n002"), "comment": .text("a \"b\" \\ \n\t: # é 😀"), "word": .text("no"), "n": .text("12"),
        ]),
        .object([
            "name": .text("n003"), "plain": .text("compute@12"), "colon": .text("compute:stable"), "dash": .text("-"),
        ]),
    ]

    private func reshaped(_ pages: [[Value]], _ form: ReshapedJSON.Form) throws -> ReshapedJSON {
        var text = ReshapedJSON(form)
        for page in pages { #expect(try text.add(Array(try JSONEncoder().encode(page))) == page.count) }
        text.end()
        return text
    }

    @Test func jsonIsAsTheEncoderIndentsIt() throws {
        let encoder = JSONEncoder()
        // Keys stay in the order in which they come.
        var text = ReshapedJSON(.json)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for value in Self.values { _ = try text.add(Array(try encoder.encode([value]))) }
        text.end()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let whole = String(decoding: try encoder.encode(Self.values), as: UTF8.self)
        #expect(String(decoding: text.bytes, as: UTF8.self) == whole + "\n")
        #expect(text.lastName == "n003" && text.count == 3)
    }

    @Test func yamlReadsAsTheSame() throws {
        for pages in [[Self.values], Self.values.map { [$0] }, [[]], []] as [[[Value]]] {
            let text = try reshaped(pages, .yaml)
            let read = try YAMLDecoder().decode([Value].self, from: String(decoding: text.bytes, as: UTF8.self))
            #expect(read == pages.flatMap { $0 }, Comment(rawValue: String(decoding: text.bytes, as: UTF8.self)))
            #expect(text.lastName == pages.flatMap { $0 }.last.map { _ in "n003" })
        }
    }

    @Test(arguments: ["", "{}", "[", "[{", "[{\"a\"", "[{\"a\":", "[{\"a\":1", "[1 2]", "[\"x", "[{1:2}]"])
    func whatIsNoArrayIsRefused(text: String) {
        for form in [ReshapedJSON.Form.json, .yaml] {
            var reshaped = ReshapedJSON(form)
            #expect(throws: ReshapedJSON.Malformed.self) { try reshaped.add(Array(text.utf8)) }
        }
        var deep = ReshapedJSON(.json)
        #expect(throws: ReshapedJSON.Malformed.self) { try deep.add(Array(String(repeating: "[", count: 10_000).utf8)) }
    }
}

import Foundation
import FoundationXML

/// An element of an XML document with the line where it begins.
struct XMLElementNode {
    var name: String
    var line: Int
    var attributes: [String: String]
    var children: [XMLElementNode] = []
}

/// Reads a document into elements. External entities are never fetched, and a document has a bounded size.
final class XMLElements: NSObject, XMLParserDelegate {
    static let maximumSize = 1 << 20
    private static let maximumDepth = 16

    private var open: [XMLElementNode] = []
    private var root: XMLElementNode?
    private var problem: (line: Int, reason: String)?

    static func read(_ text: String, file: String) throws(LayoutFileError) -> XMLElementNode {
        guard text.utf8.count <= maximumSize else { throw .unreadable(file: file, reason: "it is larger than 1 MiB") }
        let reader = XMLElements()
        let parser = XMLParser(data: Data(text.utf8))
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        let read = parser.parse()
        if let problem = reader.problem {
            throw .bad(file: file, line: problem.line, place: "XML", reason: problem.reason)
        }
        guard read, let root = reader.root else {
            throw .bad(
                file: file, line: max(1, parser.lineNumber), place: "XML",
                reason:
                    "it is not well-formed here (\(parser.parserError.map { "\($0.localizedDescription)" } ?? "no element"))"
            )
        }
        return root
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        guard open.count < Self.maximumDepth else {
            problem = (parser.lineNumber, "elements are nested more than \(Self.maximumDepth) deep")
            return parser.abortParsing()
        }
        open.append(XMLElementNode(name: name, line: parser.lineNumber, attributes: attributes))
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }
}

import BootProtocols

/// dhcpd.conf(5) of ISC: its `host` declarations, wherever they stand; the rest is passed over.
enum DHCPDList {
    private struct Token {
        let text: Substring
        let line: Int
        var isQuoted = false
    }

    /// Blocks within blocks.
    private static let deepest = 64

    static func read(_ text: String) -> NodeList {
        var list = NodeList()
        let tokens = tokens(of: text, &list)
        // Of each open block: the host that it declares, or the group's name, or nothing of interest.
        var open: [(host: ListedNode?, group: String?)] = []
        var statement: [Token] = []
        for token in tokens {
            switch (token.isQuoted, token.text) {
            case (false, "{"):
                guard open.count < deepest else {
                    list.refuse(token.line, "more than \(deepest) blocks within one another")
                    return list
                }
                open.append(block(statement, in: open.compactMap(\.group)))
                statement = []
            case (false, "}"):
                guard let closed = open.popLast() else {
                    list.refuse(token.line, "a `}` without its `{`")
                    return list
                }
                if let host = closed.host { keep(host, &list) }
                statement = []
            case (false, ";"):
                if !open.isEmpty { apply(statement, to: &open[open.count - 1].host, &list) }
                statement = []
            default: statement.append(token)
            }
        }
        if !open.isEmpty { list.refuse(tokens.last?.line ?? 1, "the file ends within a block: a `}` is missing") }
        return list
    }

    private static func block(_ head: [Token], in groups: [String]) -> (host: ListedNode?, group: String?) {
        switch head.first?.text {
        case "host":
            let name = head.dropFirst().first?.text ?? ""
            return (ListedNode(name: .nodeName(name), groups: groups, line: head.first?.line ?? 1), nil)
        case "group": return (nil, head.dropFirst().first.map { String($0.text) })
        default: return (nil, nil)
        }
    }

    private static func apply(_ statement: [Token], to host: inout ListedNode?, _ list: inout NodeList) {
        guard host != nil, let first = statement.first else { return }
        let words = statement.map(\.text)
        switch (first.text, words.dropFirst().first) {
        case ("hardware", "ethernet"):
            guard words.count == 3, let mac = MACAddress(looseText: words[2]) else {
                list.refuse(first.line, "`\(words.joined(separator: " "))` names no MAC address")
                return
            }
            host?.macs.append(mac)
        case ("fixed-address", let text?):
            // A list of addresses or a name: dhcpd chooses by the subnet.
            let address = IPv4Address(text.filter { $0 != "," })
            if address == nil {
                list.refuse(first.line, "fixed-address `\(text)` is no IPv4 address; names are not looked up")
            }
            host?.address = address
        default: break
        }
    }

    private static func keep(_ host: ListedNode, _ list: inout NodeList) {
        if host.macs.isEmpty {
            // That its address is none has been said.
            guard !list.problems.contains(where: { $0.line >= host.line }) else { return }
            list.refuse(host.line, "host \(host.name) has no `hardware ethernet`")
        } else {
            list.nodes.append(host)
        }
    }

    private static func tokens(of text: String, _ list: inout NodeList) -> [Token] {
        var tokens: [Token] = []
        var rest = text[...]
        var line = 1
        while let character = rest.first {
            if character.isNewline { line += 1 }
            if character.isWhitespace {
                rest = rest.dropFirst()
            } else if character == "#" {
                rest = rest.drop { !$0.isNewline }
            } else if character == "\"" {
                let inside = rest.dropFirst().prefix { $0 != "\"" }
                tokens.append(Token(text: inside, line: line, isQuoted: true))
                line += inside.count { $0.isNewline }
                rest = rest[inside.endIndex...].dropFirst()
            } else if "{};".contains(character) {
                tokens.append(Token(text: rest.prefix(1), line: line))
                rest = rest.dropFirst()
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"{};\"#".contains($0) }
                tokens.append(Token(text: word, line: line))
                rest = rest[word.endIndex...]
            }
        }
        return tokens
    }
}

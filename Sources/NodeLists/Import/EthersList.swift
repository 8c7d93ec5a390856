import BootProtocols

/// ethers(5): a MAC address and a host name, a machine a line.
enum EthersList {
    static func read(_ text: String) -> NodeList {
        var list = NodeList()
        for line in TextLine.lines(of: text, comment: "#") {
            let words = line.words
            guard let mac = words.first.flatMap({ MACAddress(looseText: $0) }), words.count == 2 else {
                list.refuse(line.number, "expected a MAC address and a name, `00:1a:2b:3c:4d:5e n001`")
                continue
            }
            list.nodes.append(ListedNode(name: .nodeName(words[1]), macs: [mac], line: line.number))
        }
        return list
    }
}

/// `MAC # name`: what is left of many a cluster's notes.
enum MACList {
    static func read(_ text: String) -> NodeList {
        var list = NodeList()
        for line in TextLine.lines(of: text, comment: nil) where !line.text.hasPrefix("#") {
            let parts = line.text.split(separator: "#", maxSplits: 1)
            let words = parts.count == 2 ? parts[1].split(whereSeparator: \.isWhitespace) : []
            guard let mac = parts.first.map({ $0.trimmed }).flatMap({ MACAddress(looseText: $0) }),
                let name = words.first
            else {
                list.refuse(line.number, "expected a MAC address and a name, `00:1a:2b:3c:4d:5e # n001`")
                continue
            }
            let comment = words.dropFirst().joined(separator: " ")
            list.nodes.append(
                ListedNode(
                    name: .nodeName(name), macs: [mac], comment: comment.isEmpty ? nil : comment, line: line.number))
        }
        return list
    }
}

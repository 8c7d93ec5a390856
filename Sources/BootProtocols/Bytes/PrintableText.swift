extension String {
    /// Text of a stranger's bytes as it may stand in a log or on a terminal: each control character, which could move
    /// the cursor or forge a line, is made visible as U+FFFD.
    /// - Parameter longest: bytes after which the text ends.
    public init(printable bytes: some Collection<UInt8>, longest: Int = .max) {
        self.init(printable: String(decoding: bytes, as: UTF8.self), longest: longest)
    }

    /// The same of text.
    public init(printable text: String, longest: Int = .max) {
        var result = ""
        for scalar in text.unicodeScalars {
            guard result.utf8.count < longest else { break }
            // C0, DEL and C1.
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            result.unicodeScalars.append(isControl ? "\u{fffd}" : scalar)
        }
        self = result
    }
}

internal import CapsuleFormat

/// What we ask of an executable before it goes where there are no libraries (System V gABI, chapters 4 and 5).
enum ElfExecutable {
    private static let programHeaderInterpreter: UInt32 = 3
    /// A program header of a 64-bit file, in bytes.
    private static let programHeaderSize = 56

    /// - Throws: `.notStatic` where the file is no executable for `architecture`, or asks for a loader of shared
    ///   libraries.
    static func requireStatic(
        _ path: String, for architecture: MachineArchitecture = .amd64
    ) throws(CapsuleBuildError) {
        let head: [UInt8]
        do {
            let file = try OpenFile.reading(path)
            var bytes: [UInt8] = []
            while bytes.count < 4096 {
                if try file.read(4096, into: &bytes) == 0 { break }
            }
            head = bytes
        } catch {
            throw .store(error)
        }
        guard head.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
            throw .notStatic(path: path, reason: "it is not a 64-bit Linux executable")
        }
        var reader = LittleEndianReader(head)
        guard reader.skip(18), reader.uint16() == architecture.elfMachine else {
            throw .notStatic(path: path, reason: "it is not for \(architecture.rawValue)")
        }
        guard reader.skip(12), let offset = reader.int64(), reader.skip(16), let count = reader.uint16() else {
            throw .notStatic(path: path, reason: "it is cut short")
        }
        for index in 0..<Int(count) {
            var header = LittleEndianReader(head)
            guard let start = Int(exactly: offset), start >= 0, start <= head.count,
                header.skip(start + index * programHeaderSize), let type = header.uint32()
            else { throw .notStatic(path: path, reason: "its program headers are not at its beginning") }
            if type == programHeaderInterpreter {
                throw .notStatic(path: path, reason: "it is linked dynamically")
            }
        }
    }
}

internal import BootProtocols
internal import Glibc
internal import PacketIO

/// A file that a client sends, open for writing.
final class TFTPUploadedFile: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
}

/// The files that clients are sending, and what they may still send.
struct TFTPUploads {
    /// What a file counts at least, for its place in the directory.
    static let leastSize = 4096

    private final class Upload {
        let name: String
        let temporary: String
        let client: IPv4Address
        let file: TFTPUploadedFile
        /// Text is translated on its way.
        var text: NetasciiDecoder?
        var size = 0

        init(_ name: String, _ temporary: String, _ client: IPv4Address, _ file: TFTPUploadedFile) {
            self.name = name
            self.temporary = temporary
            self.client = client
            self.file = file
        }
    }

    private let directory: TFTPWriteDirectory
    private var uploads: [UInt64: Upload] = [:]
    /// What is in the directory, and what each client wrote.
    private var total: Int
    private var byClient: [IPv4Address: Int] = [:]
    private var measured: Int64

    init(_ directory: TFTPWriteDirectory, at now: Int64) throws(SystemError) {
        self.directory = directory
        total = try directory.measure(sweeping: true)
        measured = now
    }

    /// Makes room for a file.
    mutating func create(
        _ id: TFTPSessionID, _ request: TFTPRequest, at now: Int64
    ) throws(TFTPRefusal) {
        let name = try TFTPWriteDirectory.component(request.fileName)
        let isTaken = uploads.values.contains { $0.name == name } || directory.exists(name)
        guard !isTaken else { throw TFTPRefusal(.fileExists, "file exists") }
        // Somebody may have made room since; looking takes a while, so not for every request.
        if total + Self.leastSize > directory.limits.total, now - measured > 60_000_000 {
            measured = now
            total = (try? directory.measure(sweeping: false)) ?? total
        }
        try require(max(request[.transferSize]?.value ?? 0, Self.leastSize), after: 0, id.client.address)
        let temporary = "\(TFTPWriteDirectory.temporaryPrefix)\(id.serial)"
        do throws(SystemError) {
            let file = TFTPUploadedFile(try directory.create(temporary))
            let upload = Upload(name, temporary, id.client.address, file)
            if request.mode == .netascii { upload.text = NetasciiDecoder() }
            uploads[id.serial] = upload
            count(Self.leastSize, id.client.address)
        } catch {
            throw Self.refusal(error)
        }
    }

    /// Keeps bytes behind those before. With the last ones `publication` is due.
    mutating func store(_ id: TFTPSessionID, _ bytes: RawSpan, isLast: Bool) throws(TFTPRefusal) {
        guard let upload = uploads[id.serial] else { throw TFTPRefusal(.notDefined, "the file is closed") }
        do throws(SystemError) {
            if upload.text == nil {
                try keep(bytes, upload)
            } else {
                var text = bytes.withUnsafeBytes { upload.text?.decode($0) } ?? []
                if isLast { text += upload.text?.finish() ?? [] }
                try keep(text.span.bytes, upload)
            }
        } catch {
            throw Self.refusal(error)
        }
    }

    /// What is to be done on the disk with a file that came whole.
    func publication(of id: TFTPSessionID) -> TFTPPublication? {
        uploads[id.serial].map { upload in
            TFTPPublication(
                id: id, name: upload.name, temporary: upload.temporary, file: upload.file, directory: directory)
        }
    }

    /// The file has its name and is on the disk.
    mutating func settle(_ id: TFTPSessionID) {
        uploads[id.serial] = nil
    }

    private mutating func keep(_ bytes: RawSpan, _ upload: Upload) throws(SystemError) {
        do throws(TFTPRefusal) {
            try require(bytes.byteCount, after: upload.size, upload.client)
        } catch {
            throw SystemError(call: "write", code: EDQUOT)
        }
        try upload.file.descriptor.writeAll(bytes)
        let before = max(upload.size, Self.leastSize)
        upload.size += bytes.byteCount
        count(max(upload.size, Self.leastSize) - before, upload.client)
    }

    /// Forgets a file that did not become whole.
    mutating func drop(_ id: TFTPSessionID) {
        guard let upload = uploads.removeValue(forKey: id.serial) else { return }
        directory.remove(upload.temporary)
        count(-max(upload.size, Self.leastSize), upload.client)
    }

    private mutating func count(_ bytes: Int, _ client: IPv4Address) {
        total += bytes
        let sum = byClient[client, default: 0] + bytes
        byClient[client] = sum > 0 ? sum : nil
    }

    /// - Parameter size: of the file so far.
    private func require(_ bytes: Int, after size: Int, _ client: IPv4Address) throws(TFTPRefusal) {
        let limits = directory.limits
        let isWithin =
            bytes <= limits.file - size && bytes <= limits.client - byClient[client, default: 0]
            && bytes <= limits.total - total
        guard isWithin else { throw Self.refusal(SystemError(call: "write", code: EDQUOT)) }
    }

    static func refusal(_ error: SystemError) -> TFTPRefusal {
        switch error.code {
        case EEXIST: TFTPRefusal(.fileExists, "file exists")
        case ENOSPC, EFBIG: TFTPRefusal(.diskFull, "the disk is full")
        case EDQUOT: TFTPRefusal(.diskFull, "more than may be written here")
        default: TFTPRefusal(.accessViolation, error.reason)
        }
    }
}

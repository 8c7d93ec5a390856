public import BootProtocols
public import PacketCapture

/// The last frames of each machine, in memory that is bounded: a value that frames go into.
///
/// A machine enters with a DHCP message or a TFTP request. Where there are too many machines, or too many bytes in all,
/// the machine that has been silent longest goes.
public struct CaptureRing: Sendable {
    /// What is kept at most. Memory is up to twice `totalBytes`.
    public struct Limits: Hashable, Sendable {
        public var machines = 1024
        public var framesPerMachine = 64
        public var bytesPerMachine = 64 << 10
        public var totalBytes = 16 << 20

        public init() {}
    }

    /// How much there is of one machine.
    public struct Summary: Hashable, Sendable {
        public var mac: MACAddress
        public var frames: Int
        /// The newest frame; nanoseconds since 1970.
        public var newest: Int64
    }

    private let limits: Limits
    private var tracks: [Track] = []
    private var places: [MACAddress: Int] = [:]
    /// The machine that was heard last, and the one that has been silent longest; places in `tracks`.
    private var newest = -1
    private var oldest = -1
    /// Bytes of all records.
    public private(set) var byteCount = 0

    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// How many machines there are frames of.
    public var machineCount: Int { places.count }

    public func has(_ mac: MACAddress) -> Bool { places[mac] != nil }

    /// Keeps a frame of a machine.
    public mutating func add(_ frame: RawSpan, length: Int, at timestamp: Int64, of mac: MACAddress) {
        guard frame.byteCount > 0, frame.byteCount + Track.headerSize <= limits.bytesPerMachine else { return }
        let place = place(of: mac)
        byteCount -= tracks[place].byteCount
        tracks[place].append(frame, length: length, at: timestamp)
        tracks[place].trim(frames: limits.framesPerMachine, bytes: limits.bytesPerMachine)
        byteCount += tracks[place].byteCount
        while byteCount > limits.totalBytes, places.count > 1 { empty(oldest) }
    }

    /// The frames of a machine, oldest first.
    public func frames(of mac: MACAddress) -> [CapturedFrame] {
        places[mac].map { tracks[$0].frames } ?? []
    }

    /// All machines, the one that was heard last first.
    public var machines: [Summary] {
        var result: [Summary] = []
        var place = newest
        while place >= 0 {
            let track = tracks[place]
            if track.count > 0 { result.append(Summary(mac: track.mac, frames: track.count, newest: track.newest)) }
            place = track.older
        }
        return result
    }

    /// The port that a machine's TFTP transfer goes on at (its transfer identifier, RFC 1350, 4).
    subscript(transferPort mac: MACAddress) -> UInt16? {
        get { places[mac].flatMap { tracks[$0].transferPort } }
        set { if let place = places[mac] { tracks[place].transferPort = newValue } }
    }

    // MARK: - Order

    private mutating func place(of mac: MACAddress) -> Int {
        if let place = places[mac] {
            if place != newest {
                unlink(place)
                linkNewest(place)
            }
            return place
        }
        let place: Int
        if tracks.count < limits.machines {
            place = tracks.count
            tracks.append(Track())
        } else {
            // Its room is used again.
            place = oldest
            unlink(place)
            byteCount -= tracks[place].byteCount
            places[tracks[place].mac] = nil
        }
        tracks[place].restart(for: mac)
        places[mac] = place
        linkNewest(place)
        return place
    }

    /// Lets a machine go with all its frames.
    private mutating func empty(_ place: Int) {
        byteCount -= tracks[place].byteCount
        places[tracks[place].mac] = nil
        unlink(place)
        removeTrack(place)
    }

    /// Keeps `tracks` without holes: the last one moves.
    private mutating func removeTrack(_ place: Int) {
        let last = tracks.count - 1
        if place != last {
            let moved = tracks[last]
            tracks[place] = moved
            places[moved.mac] = place
            if moved.older >= 0 { tracks[moved.older].newer = place } else { oldest = place }
            if moved.newer >= 0 { tracks[moved.newer].older = place } else { newest = place }
        }
        tracks.removeLast()
    }

    private mutating func unlink(_ place: Int) {
        let (older, newer) = (tracks[place].older, tracks[place].newer)
        if older >= 0 { tracks[older].newer = newer } else { oldest = newer }
        if newer >= 0 { tracks[newer].older = older } else { newest = older }
    }

    private mutating func linkNewest(_ place: Int) {
        tracks[place].older = newest
        tracks[place].newer = -1
        if newest >= 0 { tracks[newest].newer = place } else { oldest = place }
        newest = place
    }
}

/// The frames of one machine, one behind the other in one piece of memory that is used again.
private struct Track: Sendable {
    static let headerSize = 16

    var mac = MACAddress(value: 0)
    var older = -1
    var newer = -1
    var transferPort: UInt16?
    /// The newest frame; nanoseconds since 1970.
    private(set) var newest: Int64 = 0
    private(set) var count = 0
    /// Records: timestamp (8 bytes), length on the wire (4), bytes kept (4), the bytes.
    private var bytes: [UInt8] = []
    /// Where the oldest record begins.
    private var head = 0

    var byteCount: Int { bytes.count - head }

    mutating func restart(for mac: MACAddress) {
        self.mac = mac
        transferPort = nil
        count = 0
        head = 0
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func append(_ frame: RawSpan, length: Int, at timestamp: Int64) {
        newest = timestamp
        withUnsafeBytes(of: timestamp) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(clamping: length)) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(clamping: frame.byteCount)) { bytes.append(contentsOf: $0) }
        frame.withUnsafeBytes { bytes.append(contentsOf: $0) }
        count += 1
    }

    /// Lets the oldest frames go.
    mutating func trim(frames: Int, bytes limit: Int) {
        while count > 1, count > frames || byteCount > limit {
            head += Self.headerSize + size(at: head)
            count -= 1
        }
        // Room is made seldom, for half of the memory at once.
        if head > 4096, head > bytes.count / 2 {
            bytes.removeSubrange(..<head)
            head = 0
        }
    }

    var frames: [CapturedFrame] {
        var frames: [CapturedFrame] = []
        frames.reserveCapacity(count)
        bytes.withUnsafeBytes { all in
            var at = head
            for _ in 0..<count {
                let timestamp = all.loadUnaligned(fromByteOffset: at, as: Int64.self)
                let length = all.loadUnaligned(fromByteOffset: at + 8, as: UInt32.self)
                let kept = Int(all.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self))
                let start = at + Self.headerSize
                frames.append(
                    CapturedFrame(
                        timestamp: timestamp, bytes: Array(all[start..<start + kept]), originalLength: Int(length)))
                at = start + kept
            }
        }
        return frames
    }

    private func size(at record: Int) -> Int {
        bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: record + 12, as: UInt32.self)) }
    }
}

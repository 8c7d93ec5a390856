/// Durations counted in fixed buckets, so that recording one costs an array access whatever their number.
///
/// The scheme of Gil Tene's HdrHistogram: each power of two is cut into 64 buckets, so a value read back is at most
/// 1/64 (1.6 %) too high. Values are nanoseconds from 0 to about 18 minutes; longer ones count as that.
public struct LatencyHistogram: Hashable, Sendable {
    private static let subBucketBits = 6
    private static let subBuckets = 1 << subBucketBits
    /// 2^40 ns.
    private static let largest: Int64 = (1 << 40) - 1

    private var buckets = [Int](repeating: 0, count: (40 - subBucketBits + 1) * subBuckets)
    public private(set) var count = 0
    /// The longest duration, exact; nanoseconds.
    public private(set) var maximum: Int64 = 0

    public init() {}

    public mutating func record(_ nanoseconds: Int64) {
        let value = min(max(0, nanoseconds), Self.largest)
        buckets[Self.index(of: value)] += 1
        count += 1
        maximum = max(maximum, nanoseconds)
    }

    public mutating func add(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] += other.buckets[index] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The duration that `percent` of all (0...100) do not exceed, in nanoseconds; 0 without any.
    public func percentile(_ percent: Double) -> Int64 {
        let wanted = max(1, Int((min(max(0, percent), 100) / 100 * Double(count)).rounded(.up)))
        var seen = 0
        for (index, number) in buckets.enumerated() {
            seen += number
            if seen >= wanted { return min(Self.highest(in: index), maximum) }
        }
        return maximum
    }

    /// Values below 64 have a bucket each; above, the highest set bit picks the row and the six below it the bucket.
    private static func index(of value: Int64) -> Int {
        guard value >= subBuckets else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - subBucketBits
        return (shift + 1) << subBucketBits + Int(value >> Int64(shift)) - subBuckets
    }

    private static func highest(in index: Int) -> Int64 {
        guard index >= subBuckets else { return Int64(index) }
        let shift = Int64(index >> subBucketBits - 1)
        return (Int64(index & (subBuckets - 1) + subBuckets) + 1) << shift - 1
    }
}

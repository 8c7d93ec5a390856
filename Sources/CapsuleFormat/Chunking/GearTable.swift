/// 256 random words, one per byte value, that the rolling hash adds up.
///
/// Frozen: another table cuts elsewhere, and then no chunk of an older generation is ever found again. A change is a
/// new `version`, which the manifest names.
enum GearTable {
    static let version = 1

    /// SplitMix64 (Steele, Lea, Flood 2014) from the seed "Perseid1" in ASCII.
    static let words: InlineArray<256, UInt64> = {
        var state: UInt64 = 0x5065_7273_6569_6431
        return InlineArray { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }()
}

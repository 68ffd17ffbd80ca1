import Operations
import Raster
import Testing

struct BlankFrameTests {
    private static let light = Pattern.image { x, y in UInt8(120 + x + y) }

    @Test(arguments: BlankFrame.Method.allCases)
    func `levels are what the definition says`(method: BlankFrame.Method) throws {
        let frame = BlankFrame(.gray8(Self.light))
        let target = try #require(Self.light.histogram().moments?.mean)
        #expect(frame.targets == [target])
        let found = try frame.apply(to: .gray8(Pattern.gray8), by: method).gray8()
        for y in 0..<47 {
            for x in 0..<61 {
                let (level, blank) = (Double(Pattern.gray8[x, y]), Double(Self.light[x, y]))
                let expected =
                    switch method {
                    case .divide: level * target / blank
                    case .subtract: level - blank + target
                    case .difference: 255 - abs(blank - level)
                    }
                #expect(abs(Double(found[x, y]) - min(255, max(0, expected))) <= 0.501)
            }
        }
    }

    @Test func `the blank frame itself becomes even`() throws {
        let wide = Self.light.mapped { UInt16($0) * 200 }
        let target = UInt16(try #require(wide.histogram().moments?.mean).rounded())
        let even = AnyImage.gray16(Image(width: 61, height: 47, repeating: target))
        #expect(try BlankFrame(.gray16(wide)).apply(to: .gray16(wide), by: .divide) == even)
        #expect(try BlankFrame(.gray16(wide)).apply(to: .gray16(wide), by: .subtract) == even)
        let colour = AnyImage.color8(Self.light.mapped { BGR(blue: $0, green: 7, red: 0) })
        guard case .color8(let flat) = try BlankFrame(colour).apply(to: colour, by: .divide) else { Issue.record("the picture changed its kind"); return }
        #expect(flat[0, 0] == flat[60, 46] && flat[3, 3].green == 7 && flat[3, 3].red == 0)
    }

    @Test func `several blank frames are averaged`() throws {
        let frames = [10, 20, 33].map { AnyImage.gray8(Image(width: 3, height: 2, repeating: UInt8($0))) }
        #expect(try BlankFrame(averaging: frames).blank == .gray8(Image(width: 3, height: 2, repeating: 21)))
        #expect(throws: OperationError.self) { try BlankFrame(averaging: []) }
        #expect(throws: OperationError.self) { try BlankFrame(averaging: frames + [.gray16(Pattern.gray16)]) }
    }

    @Test func `frames of another size or kind are refused, empty ones stay empty`() throws {
        let frame = BlankFrame(.gray8(Self.light))
        #expect(throws: OperationError.self) { try frame.apply(to: .gray8(Image(width: 2, height: 2, repeating: 0)), by: .divide) }
        #expect(throws: OperationError.self) { try frame.apply(to: .color8(Pattern.color8), by: .divide) }
        let empty = AnyImage.color16(Image(width: 0, height: 3, pixels: []))
        #expect(try BlankFrame(empty).apply(to: empty, by: .difference) == empty)
    }
}

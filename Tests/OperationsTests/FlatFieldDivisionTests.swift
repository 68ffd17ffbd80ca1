import Operations
import Raster
import Testing

struct FlatFieldDivisionTests {
    @Test func `all pairs of levels are divided and rounded as the definition says`() throws {
        let image = Image<UInt8>(width: 256, height: 256, pixels: (0..<65536).map { UInt8($0 & 255) })
        let background = Image<UInt8>(width: 256, height: 256, pixels: (0..<65536).map { UInt8($0 >> 8) })
        for scale in [200.0, 1, 255, 0, 37.5] {
            let result = try image.divided(by: background, scale: scale)
            var wrong = 0
            for y in 0..<256 {
                for x in 0..<256 {
                    let expected = y == 0 ? 0 : min(255, (Double(x) * scale / Double(y)).rounded(.toNearestOrEven))
                    if Double(result[x, y]) != expected { wrong += 1 }
                }
            }
            #expect(wrong == 0)
        }
    }

    @Test func `levels equal OpenCV's`() throws {
        let background = Pattern.image { x, y in UInt8((x + 2 * y) % 200) }
        let result = try Pattern.gray8.divided(by: background, scale: 150)
        #expect(FilterFixtures.samples(result) == FilterFixtures.values("divide"))
    }

    @Test func `sixteen bits and colour`() throws {
        let flat = Pattern.gray16.mapped { $0 | 0x8000 }
        let wide = try Pattern.gray16.divided(by: flat, scale: 50000)
        for y in 0..<47 {
            for x in 0..<61 {
                let expected = (Double(Pattern.gray16[x, y]) * 50000 / Double(flat[x, y])).rounded()
                #expect(abs(Double(wide[x, y]) - expected) <= 1)
            }
        }
        let colour = try Pattern.color8.divided(by: Pattern.color8.mapped { BGR(blue: 100, green: 200, red: $0.red) }, scale: 100)
        #expect(colour.mapped { $0.blue } == Pattern.color8.mapped { $0.blue })
        #expect(colour.mapped { $0.red } == Pattern.color8.mapped { $0.red == 0 ? 0 : 100 })
    }

    @Test func `other sizes and scales that are no number are refused, empty images stay empty`() throws {
        let small = Image<UInt8>(width: 2, height: 2, repeating: 3)
        #expect(throws: OperationError.self) { try Pattern.gray8.divided(by: small, scale: 1) }
        #expect(throws: OperationError.self) { try small.divided(by: small, scale: .infinity) }
        #expect(throws: OperationError.self) { try small.divided(by: small, scale: -1) }
        let empty = Image<UInt16>(width: 0, height: 2, pixels: [])
        #expect(try empty.divided(by: empty, scale: 9).isEmpty)
    }
}

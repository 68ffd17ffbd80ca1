import Operations
import Raster
import Testing

struct FadingTests {
    /// The picture that other tests of masks use too, and the mask of its levels over 120.
    private static let image = Image<UInt8>(width: 60, height: 45, pixels: (0..<(60 * 45)).map { index in
        let (x, y) = (index % 60, index / 60)
        return UInt8((x * x * 3 + y * y * 5 + x * y * 7) / 20 % 256)
    })
    private static let mask = image.mask(brighterThan: 120)

    private func gray(_ level: UInt8) -> BGR<UInt8> { BGR(blue: level, green: level, red: level) }

    /// Sums of levels, and of levels × (place mod 9973), by MorphoCut's formula in numpy.
    @Test(arguments: [(0.5, UInt8(255), 462_748, 631_431_381), (0.3, 10, 308_242, 436_058_921), (1, 77, 354_094, 492_039_762), (0.05, 200, 337_753, 474_268_063)])
    func `backgrounds equal MorphoCut's`(alpha: Double, level: UInt8, sum: Int, placed: Int) throws {
        guard case .gray8(let faded) = AnyImage.gray8(Self.image).faded(outside: Self.mask, toward: gray(level), alpha: alpha) else { return #expect(Bool(false)) }
        let levels = faded.withBuffer { $0.map(Int.init) }
        #expect(levels.reduce(0, +) == sum)
        #expect(levels.enumerated().reduce(0) { $0 + $1.element * ($1.offset % 9973) } == placed)
    }

    @Test func `each channel has its own share, and 16 bits the same share of their range`() throws {
        let color = AnyImage.color8(Self.image.mapped { BGR(blue: $0, green: 255 - $0, red: $0 / 2) })
        guard case .color8(let faded) = color.faded(outside: Self.mask, toward: BGR(blue: 255, green: 0, red: 100), alpha: 0.5) else { return #expect(Bool(false)) }
        let sums = faded.withBuffer { $0.reduce(into: [0, 0, 0]) { $0[0] += Int($1.blue); $0[1] += Int($1.green); $0[2] += Int($1.red) } }
        #expect(sums == [462_748, 225_102, 211_895])
        guard case .gray16(let deep) = AnyImage.gray16(Self.image.mapped { UInt16($0) * 257 }).faded(outside: Self.mask, toward: gray(255), alpha: 0.5) else {
            return #expect(Bool(false))
        }
        #expect(deep.withBuffer { $0.reduce(0) { $0 + Int($1) } } == 119_009_436)
    }

    @Test func `the object and what lies outside of the area stay, without alpha all does`() {
        let image = AnyImage.gray8(Self.image)
        #expect(image.faded(outside: Self.mask, toward: gray(0), alpha: 0) == image)
        #expect(image.faded(outside: .full(Self.image.bounds), toward: gray(0), alpha: 1) == image)
        let area = Rect(x: 10, y: 5, width: 20, height: 30)
        guard case .gray8(let faded) = image.faded(outside: Self.mask, in: area, toward: gray(0), alpha: 1) else { return #expect(Bool(false)) }
        for y in 0..<45 {
            for x in 0..<60 {
                let stays = Self.mask.contains(x: x, y: y) || !area.contains(x: x, y: y)
                #expect(faded[x, y] == (stays ? Self.image[x, y] : 0))
            }
        }
        let none = AnyImage.gray8(Image(width: 0, height: 0, repeating: 0))
        #expect(none.faded(outside: Mask.full(none.bounds), toward: gray(0), alpha: 1) == none)
    }

    @Test func `a colour makes a gray picture a colour picture, in which the object keeps its grays`() {
        let faded = AnyImage.gray8(Image(width: 2, height: 1, pixels: [90, 91])).faded(outside: Mask("#."), toward: BGR(blue: 0, green: 0, red: 255), alpha: 1)
        #expect(faded == .color8(Image(width: 2, height: 1, pixels: [BGR(blue: 90, green: 90, red: 90), BGR(blue: 0, green: 0, red: 255)])))
    }
}

import Operations
import Raster
import Testing

private let red = BGR<UInt8>(blue: 0, green: 0, red: 255)
private let dark = BGR<UInt8>(blue: 7, green: 7, red: 7)

@Test func `painting changes the mask's pixels only, and colour only where it must`() {
    let gray = AnyImage.gray8(Image(width: 3, height: 2, pixels: [1, 2, 3, 4, 5, 6]))
    #expect(gray.painted(Mask(".##", "#.."), color: dark) == .gray8(Image(width: 3, height: 2, pixels: [1, 7, 7, 7, 5, 6])))
    guard case .color8(let colored) = gray.painted(Mask("..#", "..."), color: red) else { return #expect(Bool(false)) }
    #expect(colored[2, 0] == red && colored[0, 0] == BGR(blue: 1, green: 1, red: 1))
    #expect(AnyImage.gray16(Image(width: 1, height: 1, repeating: 9)).painted(Mask("#"), color: dark) == .gray16(Image(width: 1, height: 1, repeating: 7 * 257)))
    #expect(AnyImage.color16(Image(width: 1, height: 1, repeating: BGR(blue: 1, green: 1, red: 1))).painted(Mask("#"), color: red)
        == .color16(Image(width: 1, height: 1, repeating: BGR(blue: 0, green: 0, red: 65535))))
    // What lies beyond the picture is left out.
    #expect(gray.painted(.full(Rect(x: -5, y: -5, width: 50, height: 50)), color: dark) == .gray8(Image(width: 3, height: 2, repeating: 7)))
}

@Test func `a picture laid on another gets its colours`() {
    let ground = AnyImage.gray8(Image(width: 3, height: 1, repeating: 9))
    #expect(ground.laying(.gray8(Image(width: 1, height: 1, repeating: 4)), x: 2, y: 0) == .gray8(Image(width: 3, height: 1, pixels: [9, 9, 4])))
    let nine = BGR<UInt8>(blue: 9, green: 9, red: 9)
    #expect(ground.laying(.color8(Image(width: 1, height: 1, repeating: red)), x: 0, y: 0) == .color8(Image(width: 3, height: 1, pixels: [red, nine, nine])))
    let colored = AnyImage.color8(Image(width: 2, height: 1, repeating: red))
    #expect(colored.laying(.gray8(Image(width: 1, height: 1, repeating: 9)), x: 1, y: 0) == .color8(Image(width: 2, height: 1, pixels: [red, nine])))
}

import Operations
import Raster
import Testing

@Test(arguments: Connectivity.allCases)
func `filled holes equal flooding from outside`(background: Connectivity) {
    for mask in drawnMasks() {
        let filled = mask.filledHoles(background: background)
        #expect(PlainMask(filled) == PlainMask(mask).filled(background))
        #expect(filled.subtracting(mask).area == mask.holes(background: background).reduce(0) { $0 + $1.area })
    }
}

@Test func `a hole closed only across a corner is filled under four-connected background alone`() {
    let ring = Mask(".##.", "#..#", "#..#", ".##.")
    #expect(ring.filledHoles(background: .four).area == 12)
    #expect(ring.filledHoles(background: .eight).area == 8)
}

@Test func `a bay at the frame's edge is no hole`() {
    let bay = Mask("#.#", "###")
    #expect(bay.filledHoles() == bay && bay.holes().isEmpty)
}

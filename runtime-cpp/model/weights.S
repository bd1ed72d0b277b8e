/* --embed-weights: the weights file as a section of the library. On x86-64 it goes to the large-data section behind
   everything else, so that code reaches its own data however large the weights are. */
#if defined(__x86_64__)
  .section .lrodata.weights, "al", @progbits
#else
  .section .rodata.weights, "a", %progbits
#endif
  .balign 4096
  .global rwkvc_embedded_weights
  .hidden rwkvc_embedded_weights
rwkvc_embedded_weights:
  .incbin RWKVC_WEIGHTS_FILE
  .global rwkvc_embedded_weights_end
  .hidden rwkvc_embedded_weights_end
rwkvc_embedded_weights_end:
  .byte 0
  .section .note.GNU-stack, "", %progbits

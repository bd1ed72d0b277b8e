#pragma once

/* C API of the rwkvc runtime: compiled RWKV artefacts on a QNN backend.
 *
 * A model holds a backend, the artefact's graphs and one state. Calls on one model must not
 * overlap; several models may be used from several threads. No call throws or aborts: a wrong
 * argument, a stale or a null handle gives RWKV_INVALID_ARGUMENT, and rwkv_last_error() says more.
 */

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define RWKV_API __attribute__((visibility("default")))
#else
#define RWKV_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwkv_model rwkv_model;
typedef struct rwkv_sampler rwkv_sampler;

typedef enum {
  RWKV_OK = 0,
  RWKV_BAD_INPUT = 1,        /* artefact, tokens or file are at fault */
  RWKV_INVALID_ARGUMENT = 2, /* a call that makes no sense, a stale handle */
  RWKV_MISSING = 3,          /* a file or library is not there, or is of another machine */
  RWKV_INTERNAL = 4          /* our bug, or a foreign library that failed */
} rwkv_status;

typedef enum {
  RWKV_BACKEND_HOST = 0,
  RWKV_BACKEND_CPU = 1,
  RWKV_BACKEND_GPU = 2,
  RWKV_BACKEND_HTP = 3
} rwkv_backend;

typedef struct {
  size_t struct_size; /* sizeof(rwkv_options), so that fields can be added */
  rwkv_backend backend;
  const char* backend_library; /* path of libQnnHtp.so, libQnnCpu.so, ... */
  const char* system_library;  /* null: libQnnSystem.so beside it */
  const char* model_library;   /* null: the artefact's for this machine */
  const char* context;         /* null: see prefer_context */
  uint32_t soc_model;          /* Qnn_SocModel_t; 0: the artefact's */
  int prefer_context; /* HTP, context null: load the artefact's context binary if it has a fitting
                         one */
} rwkv_options;

/* Options with their defaults; backend_library must still be set. */
RWKV_API void rwkv_options_init(rwkv_options* options);

/* Loads the artefact (a folder that `rwkvc build` wrote). On success *model must go to rwkv_free.
 */
RWKV_API rwkv_status rwkv_create(const char* artefact, const rwkv_options* options,
                                 rwkv_model** model);
/* Null and stale handles are ignored. */
RWKV_API void rwkv_free(rwkv_model* model);

/* Text of the calling thread's last error; never null, "" before the first. Valid until its next
 * failing call. */
RWKV_API const char* rwkv_last_error(void);

/* Number of token ids; 0 for an invalid handle. */
RWKV_API size_t rwkv_vocabulary(const rwkv_model* model);

/* Reads tokens; all ids are checked before the first is read. */
RWKV_API rwkv_status rwkv_eval(rwkv_model* model, int32_t token);
RWKV_API rwkv_status rwkv_eval_tokens(rwkv_model* model, const int32_t* tokens, size_t count);
/* Logits after the last token, rwkv_vocabulary() of them, valid until the next call; null before
 * the first token. */
RWKV_API const float* rwkv_logits(const rwkv_model* model);

/* The state as float32 values of the spec, slices in the manifest's order, scaling divided out: the
 * same for every build of a model, whatever its precision or backend. */
RWKV_API size_t rwkv_state_size(const rwkv_model* model);
RWKV_API rwkv_status rwkv_state_reset(rwkv_model* model);
RWKV_API rwkv_status rwkv_state_get(const rwkv_model* model, float* values, size_t count);
RWKV_API rwkv_status rwkv_state_set(rwkv_model* model, const float* values, size_t count);
RWKV_API rwkv_status rwkv_state_save(const rwkv_model* model, const char* path);
RWKV_API rwkv_status rwkv_state_load(rwkv_model* model, const char* path);

typedef struct {
  size_t struct_size;
  double temperature;        /* 0 takes the most likely token */
  double top_p;              /* in (0, 1]; 1 keeps all */
  double repetition_penalty; /* above 0; 1 is none */
  uint64_t seed;             /* equal seeds give equal tokens on every machine */
  uint32_t top_k;            /* 0 keeps all */
} rwkv_sampler_options;

RWKV_API void rwkv_sampler_options_init(rwkv_sampler_options* options);
RWKV_API rwkv_status rwkv_sampler_create(const rwkv_sampler_options* options,
                                         rwkv_sampler** sampler);
RWKV_API void rwkv_sampler_free(rwkv_sampler* sampler);
/* Tells the repetition penalty of a token; rwkv_sample does so for those it returns. */
RWKV_API rwkv_status rwkv_sampler_observe(rwkv_sampler* sampler, int32_t token);
/* A token from the model's logits. */
RWKV_API rwkv_status rwkv_sample(rwkv_model* model, rwkv_sampler* sampler, int32_t* token);

/* Text of `size` bytes to tokens, by the artefact's tokenizer, which the first call opens. *count
 * is what there are; with `capacity` too small nothing is written and RWKV_INVALID_ARGUMENT
 * returned. `tokens` may be null with capacity 0: *count and RWKV_OK. Nothing is put before the
 * text: ABC models want a first id 2. */
RWKV_API rwkv_status rwkv_tokenize(const rwkv_model* model, const char* text, size_t size,
                                   int32_t* tokens, size_t capacity, size_t* count);
/* The reverse, with bytes; the result is not terminated and may cut a UTF-8 sequence where the
 * tokens do. */
RWKV_API rwkv_status rwkv_detokenize(const rwkv_model* model, const int32_t* tokens, size_t count,
                                     char* text, size_t capacity, size_t* size);

#ifdef __cplusplus
}
#endif

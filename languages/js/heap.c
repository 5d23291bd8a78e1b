#include "heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
  kStep = 8,        // bytes between the sizes of blocks
  kLargest = 1024,  // bytes of a block; what is larger is malloc()'s
  kSizes = kLargest / kStep,
  kPage = 4096,       // what the host copies at once
  kChunk = 64 << 10,  // bytes that are asked of malloc() at once
};

// In front of each block: how large it is.
typedef struct {
  size_t size;
  size_t unused;  // keeps what follows aligned to 8 bytes
} header_t;

typedef struct block {
  struct block* next;
} block_t;

// What chunks begin with while a scratch heap is used.
typedef struct link {
  struct link* next;
} link_t;

typedef struct {
  block_t* gaps[kSizes];
  char* fresh;
  char* fresh_end;
} heap_t;

static heap_t heap, kept;  // kept: the heap that is not used while a scratch heap is
static link_t* scratch_chunks;
static bool in_scratch, ran_out;

static void* checked(void* memory) {
  if (memory == NULL) ran_out = true;
  return memory;
}

static header_t* header_of(const void* pointer) { return (header_t*)pointer - 1; }

static void* begin_block(void* memory, size_t size) {
  header_t* header = memory;
  header->size = size;
  return header + 1;
}

static void* large(size_t size) {
  void* memory = checked(size <= SIZE_MAX - sizeof(header_t) ? malloc(sizeof(header_t) + size) : NULL);
  return memory != NULL ? begin_block(memory, size) : NULL;
}

static int begin_chunk(void) {
  char* chunk = checked(malloc(kChunk + kPage));
  if (chunk == NULL) return 0;
  heap.fresh = (char*)(((uintptr_t)chunk + kPage - 1) & ~(uintptr_t)(kPage - 1));
  heap.fresh_end = heap.fresh + kChunk;
  if (in_scratch) {
    link_t* link = (link_t*)chunk;
    *link = (link_t){scratch_chunks};
    scratch_chunks = link;
    if (heap.fresh == chunk) heap.fresh += sizeof(header_t);
  }
  return 1;
}

static void* allocate(void* opaque, size_t size) {
  (void)opaque;
  if (size > kLargest) return large(size);
  if (size == 0) size = 1;
  const size_t index = (size - 1) / kStep;
  block_t* gap = heap.gaps[index];
  if (gap != NULL) {
    heap.gaps[index] = gap->next;
    return gap;
  }
  const size_t whole = (index + 1) * kStep;
  if ((size_t)(heap.fresh_end - heap.fresh) < sizeof(header_t) + whole && !begin_chunk()) return NULL;
  char* memory = heap.fresh;
  heap.fresh += sizeof(header_t) + whole;
  return begin_block(memory, whole);
}

static void release(void* opaque, void* pointer) {
  (void)opaque;
  if (pointer == NULL) return;
  header_t* header = header_of(pointer);
  if (header->size > kLargest) {
    free(header);
    return;
  }
  block_t* gap = pointer;
  block_t** first = &heap.gaps[header->size / kStep - 1];
  gap->next = *first;
  *first = gap;
}

static void* allocate_zeroed(void* opaque, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return NULL;
  void* pointer = allocate(opaque, count * size);
  if (pointer != NULL) memset(pointer, 0, count * size);
  return pointer;
}

static void* reallocate(void* opaque, void* pointer, size_t size) {
  if (pointer == NULL) return allocate(opaque, size);
  if (size == 0) {
    release(opaque, pointer);
    return NULL;
  }
  const size_t had = header_of(pointer)->size;
  if (size <= had && had <= kLargest) return pointer;
  if (size > kLargest && had > kLargest) {
    if (size > SIZE_MAX - sizeof(header_t)) return NULL;
    void* memory = checked(realloc(header_of(pointer), sizeof(header_t) + size));
    return memory != NULL ? begin_block(memory, size) : NULL;
  }
  void* moved = allocate(opaque, size);
  if (moved == NULL) return NULL;
  memcpy(moved, pointer, size < had ? size : had);
  release(opaque, pointer);
  return moved;
}

static size_t usable_size(const void* pointer) { return pointer != NULL ? header_of(pointer)->size : 0; }

const JSMallocFunctions heap_functions = {allocate_zeroed, allocate, release, reallocate, usable_size};

bool heap_ran_out(void) {
  const bool out = ran_out;
  ran_out = false;
  return out;
}

void heap_begin_scratch(void) {
  kept = heap;
  heap = (heap_t){0};
  in_scratch = true;
}

void heap_end_scratch(void) {
  while (scratch_chunks != NULL) {
    link_t* chunk = scratch_chunks;
    scratch_chunks = chunk->next;
    memset(chunk, 0, kChunk + kPage);
    free(chunk);
  }
  heap = kept;
  in_scratch = false;
}

void heap_settle(void) {
  memset(heap.gaps, 0, sizeof heap.gaps);
  (void)begin_chunk();
}
